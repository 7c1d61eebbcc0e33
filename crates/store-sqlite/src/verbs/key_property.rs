//! `key_property`: makes a property keyed, a batch at a time.

use std::sync::Arc;

use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_store::{KeyProperty, Keying, StoreError};
use rusqlite::{Connection, OptionalExtension};

use crate::error::{Failure, Outcome};
use crate::holders::{HolderChange, change};
use crate::schema::{changed, current};
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const IS_READY: &str = include_str!("../sql/key_property_is_ready.sql");
const STATE: &str = include_str!("../sql/key_property_state.sql");
const RANGE: &str = include_str!("../sql/key_property_range.sql");
const BEGIN: &str = include_str!("../sql/key_property_begin.sql");
const BATCH: &str = include_str!("../sql/key_property_batch.sql");
const ADVANCE: &str = include_str!("../sql/key_property_advance.sql");
const FINISH: &str = include_str!("../sql/key_property_finish.sql");

/// See [`refract_store::SchemaVerbs::key_property`].
#[tracing::instrument(name = "store.key_property", level = "debug", skip_all, fields(slug = command.slug))]
pub(crate) async fn key_property(store: &SqliteStore, command: KeyProperty) -> Result<Keying, StoreError> {
    let command = Arc::new(command);
    let asked = Arc::clone(&command);
    // Nearly always: and then without waiting for a chunk.
    if store.threads.readers.read(move |connection| is_ready(connection, &asked)).await? {
        return Ok(Keying::Ready);
    }
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Chunk, move |write| step(write, &shared, &command)).await
}

fn is_ready(connection: &Connection, command: &KeyProperty) -> Outcome<bool> {
    let KeyProperty { caller, object_type, slug, .. } = command;
    let parameters = (caller.team_id.as_bytes(), object_type.number(), slug);
    Ok(connection.prepare_cached(IS_READY)?.query_row(parameters, |row| row.get(0))?)
}

/// The records that are still to be looked at.
#[derive(Debug, Clone, Copy)]
struct Left {
    next_record_no: i64,
    end_record_no: i64,
}

fn step(write: &mut WriteContext<'_>, shared: &Arc<Shared>, command: &KeyProperty) -> Outcome<Keying> {
    let KeyProperty { caller, object_type, slug, .. } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    let property = (team_no, object_type.number(), slug);
    let known = write.connection.prepare_cached(STATE)?.query_row(property, |row| Ok((row.get(0)?, row.get(1)?)));
    let left = match known.optional()? {
        Some((Some(next_record_no), Some(end_record_no))) => Left { next_record_no, end_record_no },
        // A property that is ready has no numbers left.
        Some(_) => return Ok(Keying::Ready),
        None => begin(write, shared, team_no, command)?,
    };
    let next_record_no = take_batch(write.connection, shared, team_no, command, left)?;
    match next_record_no {
        Some(next) => {
            write.connection.prepare_cached(ADVANCE)?.execute((team_no, object_type.number(), slug, next))?;
            Ok(Keying::Building)
        }
        None => {
            write.connection.prepare_cached(FINISH)?.execute(property)?;
            Ok(Keying::Ready)
        }
    }
}

/// From now on every write maintains the property's keys.
fn begin(write: &mut WriteContext<'_>, shared: &Arc<Shared>, team_no: i64, command: &KeyProperty) -> Outcome<Left> {
    let KeyProperty { caller, object_type, slug, .. } = command;
    let schema = current(write.connection, shared, caller.team_id)?;
    if !schema.of(*object_type).property(slug).is_some_and(|property| property.property_type.can_be_key()) {
        return Err(StoreError::SchemaChanged.into());
    }
    let mut statement = write.connection.prepare_cached(RANGE)?;
    let range = statement.query_row((team_no, object_type.number()), |row| {
        Ok(Left { next_record_no: row.get(0)?, end_record_no: row.get(1)? })
    });
    let left = range.optional()?.unwrap_or(Left { next_record_no: 0, end_record_no: -1 });
    let parameters = (team_no, object_type.number(), slug, left.next_record_no, left.end_record_no);
    write.connection.prepare_cached(BEGIN)?.execute(parameters)?;
    changed(write, shared, caller.team_id, team_no)?;
    Ok(left)
}

/// Takes the keys of the next records; gives the number to go on from, or `None` when none are left.
fn take_batch(
    connection: &Connection,
    shared: &Arc<Shared>,
    team_no: i64,
    command: &KeyProperty,
    left: Left,
) -> Outcome<Option<i64>> {
    let KeyProperty { caller, object_type, slug, batch_max } = command;
    let schema = current(connection, shared, caller.team_id)?;
    let position = schema.of(*object_type).any_position(slug);
    let context = JudgeContext::new(caller.team_id, schema, *object_type, ImportOptions::default(), &shared.hasher)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let batch_max = i64::try_from((*batch_max).max(1)).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(BATCH)?;
    let mut rows = statement.query([left.next_record_no, left.end_record_no, batch_max])?;
    let mut changes: Vec<HolderChange> = Vec::new();
    let (mut looked_at, mut last_record_no) = (0, left.end_record_no);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        last_record_no = row.get(0)?;
        let is_live: bool = row.get(3)?;
        if !is_live || row.get::<_, i64>(1)? != team_no || row.get::<_, u8>(2)? != object_type.number() {
            continue;
        }
        let body = row.get_ref(4)?.as_str().map_err(|error| Failure::corrupt(error.to_string()))?;
        let own = context.keys_of_body(body).into_iter().filter(|(of, _)| Some(*of) == position);
        changes.extend(own.map(|(_, key)| HolderChange { key, record_no: last_record_no, holds: true }));
    }
    changes.sort_unstable_by_key(|change| (change.key, change.record_no));
    change(connection, &changes)?;
    let is_full = looked_at == batch_max && last_record_no < left.end_record_no;
    Ok(is_full.then_some(last_record_no + 1))
}
