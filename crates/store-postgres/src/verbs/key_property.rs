//! `key_property`: makes a property keyed, a batch at a time.

use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_store::{KeyProperty, Keying, StoreError};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Failure, Outcome, column};
use crate::holders::{Holder, hash, take};
use crate::schema::{changed, current, object_type, type_number};
use crate::store::PostgresStore;
use crate::team::{SchemaUse, find_team, lock_schema, require_team};
use crate::transaction::{Parameter, Transaction};

const IS_READY: &str = include_str!("../sql/key_property_is_ready.sql");
const STATE: &str = include_str!("../sql/key_property_state.sql");
const RANGE: &str = include_str!("../sql/key_property_range.sql");
const BEGIN: &str = include_str!("../sql/key_property_begin.sql");
const BATCH: &str = include_str!("../sql/key_property_batch.sql");
const ADVANCE: &str = include_str!("../sql/key_property_advance.sql");
const FINISH: &str = include_str!("../sql/key_property_finish.sql");

/// See [`refract_store::SchemaVerbs::key_property`].
#[tracing::instrument(name = "store.key_property", level = "debug", skip_all, fields(slug = command.slug))]
pub(crate) async fn key_property(store: &PostgresStore, command: KeyProperty) -> Result<Keying, StoreError> {
    // Nearly always: and then without a write.
    if store.read(command.clone(), |transaction, command| Box::pin(is_ready(transaction, command))).await? {
        return Ok(Keying::Ready);
    }
    store.write(command, |transaction, command| Box::pin(step(transaction, command))).await
}

async fn is_ready(transaction: &mut Transaction, command: &KeyProperty) -> Outcome<bool> {
    let Some(team_no) = find_team(transaction, command.caller.team_id).await? else { return Ok(false) };
    let number = type_number(command.object_type);
    let row = transaction.query_one(IS_READY, &named(&team_no, &number, command)).await?;
    column(&row, "is_ready")
}

fn named<'a>(team_no: &'a i64, number: &'a i16, command: &'a KeyProperty) -> [Parameter<'a>; 3] {
    [(team_no, Type::INT8), (number, Type::INT2), (&command.slug, Type::TEXT)]
}

/// The records that are still to be looked at.
#[derive(Debug, Clone, Copy)]
struct Left {
    next_id: Uuid,
    end_id: Uuid,
}

/// What is known of a property.
enum Known {
    Nothing,
    Building(Left),
    Ready,
}

async fn step(transaction: &mut Transaction, command: &KeyProperty) -> Outcome<Keying> {
    let team_no = require_team(transaction, command.caller.team_id).await?;
    let mut known = known(transaction, team_no, command).await?;
    if matches!(known, Known::Nothing) {
        // Waits for every write that knows nothing of the property yet; another node may begin meanwhile.
        lock_schema(transaction, team_no, SchemaUse::Own).await?;
        known = self::known(transaction, team_no, command).await?;
    }
    let left = match known {
        Known::Ready => return Ok(Keying::Ready),
        Known::Building(left) => left,
        Known::Nothing => begin(transaction, team_no, command).await?,
    };
    let next_id = take_batch(transaction, team_no, command, left).await?;
    let number = type_number(command.object_type);
    match next_id {
        Some(next_id) => {
            let [team_no, number, slug] = named(&team_no, &number, command);
            transaction.execute(ADVANCE, &[team_no, number, slug, (&next_id, Type::UUID)]).await?;
            Ok(Keying::Building)
        }
        None => {
            transaction.execute(FINISH, &named(&team_no, &number, command)).await?;
            Ok(Keying::Ready)
        }
    }
}

/// One node at a time takes a step: the property's row is locked.
async fn known(transaction: &mut Transaction, team_no: i64, command: &KeyProperty) -> Outcome<Known> {
    let number = type_number(command.object_type);
    let Some(row) = transaction.query_opt(STATE, &named(&team_no, &number, command)).await? else {
        return Ok(Known::Nothing);
    };
    // Both are NULL once the property is ready.
    match (column::<Option<Uuid>>(&row, "next_id")?, column::<Option<Uuid>>(&row, "end_id")?) {
        (Some(next_id), Some(end_id)) => Ok(Known::Building(Left { next_id, end_id })),
        _ => Ok(Known::Ready),
    }
}

/// From now on every write maintains the property's keys.
async fn begin(transaction: &mut Transaction, team_no: i64, command: &KeyProperty) -> Outcome<Left> {
    let KeyProperty { caller, object_type, slug, .. } = command;
    let schema = current(transaction, caller.team_id, team_no).await?;
    if !schema.of(*object_type).property(slug).is_some_and(|property| property.property_type.can_be_key()) {
        return Err(StoreError::SchemaChanged.into());
    }
    let range = transaction.query_opt(RANGE, &[(&team_no, Type::INT8)]).await?;
    let end_id = range.as_ref().map(|row| column(row, "last_id")).transpose()?.unwrap_or(Uuid::nil());
    let left = Left { next_id: Uuid::nil(), end_id };
    let number = type_number(*object_type);
    let [of_team, of_type, of_slug] = named(&team_no, &number, command);
    let parameters = [of_team, of_type, of_slug, (&left.next_id as _, Type::UUID), (&left.end_id as _, Type::UUID)];
    transaction.execute(BEGIN, &parameters).await?;
    changed(transaction, caller.team_id, team_no).await?;
    Ok(left)
}

/// Takes the keys of the next records; gives the id to go on from, or `None` when none are left.
async fn take_batch(
    transaction: &mut Transaction,
    team_no: i64,
    command: &KeyProperty,
    left: Left,
) -> Outcome<Option<Uuid>> {
    let KeyProperty { caller, object_type: wanted, slug, batch_max } = command;
    // Any version will do: the property is in all of them, and its type never changes.
    let schema = current(transaction, caller.team_id, team_no).await?;
    let position = schema.of(*wanted).any_position(slug);
    let hasher = &transaction.shared.hasher;
    let context = JudgeContext::new(caller.team_id, schema, *wanted, ImportOptions::default(), hasher)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let most = i64::try_from((*batch_max).max(1)).unwrap_or(i64::MAX);
    let parameters = [
        (&team_no as _, Type::INT8),
        (&left.next_id as _, Type::UUID),
        (&left.end_id as _, Type::UUID),
        (&most as _, Type::INT8),
    ];
    let rows = transaction.query(BATCH, &parameters).await?;
    let mut keys: Vec<Holder> = Vec::new();
    let mut last_id = left.end_id;
    for row in &rows {
        last_id = column(row, "id")?;
        if !column::<bool>(row, "is_live")? || object_type(row)? != *wanted {
            continue;
        }
        let own = context.keys_of_body(column(row, "body")?).into_iter().filter(|(of, _)| Some(*of) == position);
        keys.extend(own.map(|(_, key)| (hash(key), last_id)));
    }
    keys.sort_unstable();
    keys.dedup();
    take(transaction, team_no, keys).await?;
    let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == most && last_id < left.end_id;
    Ok(is_full.then(|| Uuid::from_u128(last_id.as_u128().saturating_add(1))))
}
