//! The record that a value names (contract §3.4, find): matched as an import's `dedupe_by` matches rows.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::judge::{ContextError, JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{GoodRow, JudgedChunk, JudgedRow, RawChunk};
use refract_domain::json;
use refract_domain::key::KeyHash;
use refract_domain::limits::CANDIDATES_NAMED_MAX;
use refract_domain::object_type::ObjectType;
use refract_domain::property::PropertyType;
use refract_domain::query::{Filter, Leaf, Operand, Path, RecordQuery, Scope, Start, Test};
use refract_domain::record::Record;
use refract_domain::value::{exact_texts, instant_order_text};
use refract_store::{Caller, Freshness, Keying, StoreError};
use tokio::time::timeout;

use crate::judging::{judge_context, key_step};
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// How long a caller waits for a property to become keyed. It goes on without the caller.
const KEYING_TAKES_MOST: Duration = Duration::from_secs(5);

/// Candidates that are looked for: so many are named, and one more says that there are others.
const CANDIDATES_MAX: usize = CANDIDATES_NAMED_MAX + 1;

/// What a value names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No live record.
    None,
    /// Exactly this one.
    One(Record),
    /// Several, of which some are named, by id.
    Several(Vec<RecordId>),
}

/// A value by which a record is looked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The record's type.
    pub object_type: ObjectType,
    /// The property's slug: of the type, or else of the list.
    pub slug: &'a str,
    /// The value as text, whatever the property's type.
    pub value: &'a str,
    /// The list whose properties are in scope.
    pub list_id: Option<ListId>,
}

impl Engine {
    /// Looks for the record that holds a value. The first search by a property makes it keyed, which takes no more than
    /// the right to read: nothing of what records hold changes.
    ///
    /// A list's own properties are not keyed: there the members are looked through, and the value must be the same.
    ///
    /// # Errors
    /// [`EngineError::Options`] when there is no such list or property, or it cannot be a key; [`EngineError::Value`]
    /// when the value is none of the property's type; [`EngineError::Keying`] when the property takes its time to become
    /// keyed; the store's.
    pub async fn find_record(&self, caller: &Caller, wanted: &Wanted<'_>) -> Result<Found, EngineError> {
        if wanted.list_id.is_some() {
            let in_list = ImportOptions { list_id: wanted.list_id, ..ImportOptions::default() };
            let context = judge_context(&self.store, caller, wanted.object_type, &in_list, Freshness::Latest).await?;
            if let Some(filter) = filter_in_list(&context, wanted)? {
                return self.find_in_list(caller, wanted, filter).await;
            }
        }
        let by_slug = ImportOptions { dedupe_by: Some(wanted.slug.to_owned()), ..ImportOptions::default() };
        let context = judge_context(&self.store, caller, wanted.object_type, &by_slug, Freshness::Cached).await?;
        let keys = keys_of(&context, wanted)?;
        if keys.is_empty() {
            return Ok(Found::None);
        }
        self.make_keyed(*caller, wanted.object_type, by_slug).await?;
        let records = self.store.find_records(caller, wanted.object_type, &keys, CANDIDATES_MAX).await?;
        Ok(found_among(records))
    }

    /// Makes a property keyed, and waits for it a while.
    pub(crate) async fn make_keyed(
        &self,
        caller: Caller,
        object_type: ObjectType,
        by_slug: ImportOptions,
    ) -> Result<(), EngineError> {
        let (store, wanted) = (Arc::clone(&self.store), by_slug.clone());
        let keying = to_the_end(async move {
            while key_step(&store, &caller, object_type, &wanted).await? == Keying::Building {}
            Ok(())
        });
        match timeout(KEYING_TAKES_MOST, keying).await {
            Ok(Err(EngineError::Store(StoreError::SchemaChanged))) => {
                // Says what is wrong with the property under the schema of now.
                judge_context(&self.store, &caller, object_type, &by_slug, Freshness::Latest).await?;
                Err(EngineError::Store(StoreError::SchemaChanged))
            }
            Ok(keyed) => keyed,
            Err(_) => Err(EngineError::Keying),
        }
    }

    async fn find_in_list(&self, caller: &Caller, wanted: &Wanted<'_>, filter: Filter) -> Result<Found, EngineError> {
        let query = RecordQuery {
            object_type: wanted.object_type,
            filter,
            ids: None,
            list_id: wanted.list_id,
            with_deleted: false,
            sort: Vec::new(),
            start: Start::First,
            limit: u32::try_from(CANDIDATES_MAX).unwrap_or(u32::MAX),
            count_total: false,
        };
        let page = self.store.query_records(caller, &query).await?;
        Ok(found_among(page.records.into_iter().map(|found| found.record).collect()))
    }
}

fn found_among(mut records: Vec<Record>) -> Found {
    match (records.pop(), records.is_empty()) {
        (None, _) => Found::None,
        (Some(only), true) => Found::One(only),
        (Some(last), false) => {
            let mut ids: Vec<_> = records.iter().chain([&last]).map(|record| record.id).collect();
            ids.sort_unstable();
            Found::Several(ids)
        }
    }
}

/// The keys of the value: none for a blank one, which matches nothing.
fn keys_of(context: &JudgeContext, wanted: &Wanted<'_>) -> Result<Vec<KeyHash>, EngineError> {
    let (judged, row) = judge_value(context, "default", wanted)?;
    Ok(judged.match_keys(&row).to_vec())
}

/// What holds of the members that have the value; `None` when the property is not the list's.
fn filter_in_list(context: &JudgeContext, wanted: &Wanted<'_>) -> Result<Option<Filter>, EngineError> {
    let Some(list) = context.list() else { return Ok(None) };
    let is_types = context.type_schema().property(wanted.slug).is_some();
    let Some(property) = list.property(wanted.slug).filter(|_| !is_types) else { return Ok(None) };
    if !property.property_type.can_be_key() {
        let (slug, property_type) = (property.slug.clone(), property.property_type.name());
        return Err(EngineError::Options(ContextError::NotAKey { slug, property_type }));
    }
    let (_, row) = judge_value(context, "list", wanted)?;
    let body = row.extra.and_then(|extra| extra.list).map(|part| part.body).unwrap_or_default();
    let raw_value = json::members(&body).find_map(|(slug, raw)| (slug == wanted.slug).then_some(raw));
    let operands = raw_value.map_or_else(Vec::new, |raw| operands_of(property.property_type, raw));
    let leaf = Leaf::Property {
        scope: Scope::List(list.id),
        slug: property.slug.clone(),
        property_type: property.property_type,
    };
    Ok(Some(Filter::Where(Path { hops: Vec::new(), leaf }, Test::OneOf(operands))))
}

fn operands_of(property_type: PropertyType, raw_value: &str) -> Vec<Operand> {
    let texts = exact_texts(property_type, raw_value);
    match property_type {
        PropertyType::Num => vec![Operand::Number(raw_value.to_owned())],
        PropertyType::Bool => vec![Operand::Bool(raw_value == "true")],
        PropertyType::Date => {
            let instant = instant_order_text(&json::unquote(raw_value));
            instant.map(Operand::Instant).into_iter().collect()
        }
        _ => texts.into_iter().map(Operand::Text).collect(),
    }
}

/// Judges the value as a row that writes it would be judged.
fn judge_value(
    context: &JudgeContext,
    group: &str,
    wanted: &Wanted<'_>,
) -> Result<(JudgedChunk, GoodRow), EngineError> {
    let mut raw_row = String::new();
    raw_row.push_str("{\"");
    raw_row.push_str(group);
    raw_row.push_str("\":{");
    json::push_text(&mut raw_row, wanted.slug);
    raw_row.push(':');
    json::push_text(&mut raw_row, wanted.value);
    raw_row.push_str("}}");
    let mut raw = RawChunk::default();
    raw.push(raw_row.as_bytes());
    let mut judged = judge_chunk(context, &raw);
    match judged.rows.pop() {
        Some(JudgedRow::Good(row)) => Ok((judged, row)),
        Some(JudgedRow::Faulty(error)) => Err(EngineError::Value(error)),
        // Only imports pass rows over.
        Some(JudgedRow::Skipped(_)) | None => Err(EngineError::Internal("a value was judged to no verdict".into())),
    }
}
