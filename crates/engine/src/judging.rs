//! Under which schema rows are judged, and the second try when it changed meanwhile.

use std::sync::Arc;

use refract_domain::import::draft::schema_with;
use refract_domain::import::job::JobSpec;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, Freshness, KeyProperty, Keying, SharedStore, StoreError};

use crate::EngineError;

/// How often rows are judged again because the schema changed under them, before the caller is told to come back.
const JUDGED_AGAIN_MAX: usize = 8;

/// Records that one step of making a property keyed looks at.
const KEYING_BATCH_MAX: usize = 5_000;

/// What rows of this caller are judged under.
///
/// # Errors
/// [`EngineError::Options`] when the options do not fit the schema, even the latest one.
pub(crate) async fn judge_context(
    store: &SharedStore,
    caller: &Caller,
    object_type: ObjectType,
    options: &ImportOptions,
    freshness: Freshness,
) -> Result<Arc<JudgeContext>, EngineError> {
    fitting_context(store, caller, object_type, options, freshness).await.map(Arc::new)
}

/// The same for single records, where values that must be there are insisted on.
///
/// # Errors
/// As [`judge_context`].
pub(crate) async fn record_context(
    store: &SharedStore,
    caller: &Caller,
    object_type: ObjectType,
    options: &ImportOptions,
    freshness: Freshness,
) -> Result<Arc<JudgeContext>, EngineError> {
    let context = fitting_context(store, caller, object_type, options, freshness).await?;
    Ok(Arc::new(context.insisting()))
}

/// The same for the next rows of a dry run: what its earlier rows would have made of the schema is there.
///
/// # Errors
/// As [`judge_context`].
pub(crate) async fn dry_run_context(
    store: &SharedStore,
    caller: &Caller,
    spec: &JobSpec,
    freshness: Freshness,
) -> Result<Arc<JudgeContext>, EngineError> {
    let drafted = store.drafted_options(caller, spec.id).await?;
    let schema = schema_with(&store.schema(caller, freshness).await?, spec.object_type, &drafted);
    let (hasher, options) = (store.key_hasher(), spec.options.clone());
    let context = JudgeContext::new(caller.team_id, schema, spec.object_type, options, &hasher);
    let drafted = u32::try_from(drafted.len()).unwrap_or(u32::MAX);
    context.map(|context| Arc::new(context.with_drafted_options(drafted))).map_err(EngineError::Options)
}

async fn fitting_context(
    store: &SharedStore,
    caller: &Caller,
    object_type: ObjectType,
    options: &ImportOptions,
    freshness: Freshness,
) -> Result<JudgeContext, EngineError> {
    let hasher = store.key_hasher();
    let schema = store.schema(caller, freshness).await?;
    match JudgeContext::new(caller.team_id, schema, object_type, options.clone(), &hasher) {
        Ok(context) => Ok(context),
        // A list or property may have been made on another node a moment ago.
        Err(_) if freshness == Freshness::Cached => {
            let latest = store.schema(caller, Freshness::Latest).await?;
            JudgeContext::new(caller.team_id, latest, object_type, options.clone(), &hasher)
                .map_err(EngineError::Options)
        }
        Err(error) => Err(EngineError::Options(error)),
    }
}

/// Takes one step towards every record's key of the dedupe property being held; `Ready` when there is nothing to do.
pub(crate) async fn key_step(
    store: &SharedStore,
    caller: &Caller,
    object_type: ObjectType,
    options: &ImportOptions,
) -> Result<Keying, StoreError> {
    let Some(slug) = options.dedupe_by.as_deref() else { return Ok(Keying::Ready) };
    key_step_of(store, caller, object_type, slug).await
}

/// As [`key_step`], for a property by its slug.
pub(crate) async fn key_step_of(
    store: &SharedStore,
    caller: &Caller,
    object_type: ObjectType,
    slug: &str,
) -> Result<Keying, StoreError> {
    let slug = slug.to_owned();
    store.key_property(KeyProperty { caller: *caller, object_type, slug, batch_max: KEYING_BATCH_MAX }).await
}

/// Runs `attempt` until it does not find the schema changed. The first try may use a cached schema.
pub(crate) async fn with_current_schema<T, F>(mut attempt: impl FnMut(Freshness) -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    let mut freshness = Freshness::Cached;
    for _ in 0..JUDGED_AGAIN_MAX {
        match attempt(freshness).await {
            Err(EngineError::Store(StoreError::SchemaChanged)) => freshness = Freshness::Latest,
            result => return result,
        }
    }
    Err(EngineError::Store(StoreError::Unavailable("the schema kept changing".into())))
}
