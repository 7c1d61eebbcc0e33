//! Writes a page in one transaction, with what follows from its rows.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use refract_domain::ids::{ListId, TeamId};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_store::transfer::{Cell, Kind, Page, Position, Row};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::rows::{copy_statement, encode, id_in, number_in};
use crate::error::{Failure, Outcome};
use crate::holders::{self, Holder};
use crate::schema;
use crate::team::require_team;
use crate::transaction::Transaction;

const ADVANCE: &str = include_str!("../sql/copy_advance.sql");
const SCHEMA_VERSIONS: &str = include_str!("../sql/copy_schema_versions.sql");

/// Writes the page of this kind that begins at `from`, unless somebody else has.
pub(super) async fn write_page(transaction: &mut Transaction, kind: Kind, from: Position, page: &Page) -> Outcome<()> {
    advance(transaction, kind, from, page).await?;
    if page.rows.is_empty() {
        return Ok(());
    }
    let team_numbers = team_numbers(transaction, kind, &page.rows).await?;
    let pieces = encode(kind, &page.rows, &team_numbers)?;
    let copied = transaction.copy_in(&copy_statement(kind), pieces).await?;
    if copied != u64::try_from(page.rows.len()).unwrap_or(u64::MAX) {
        return Err(Failure::internal(format!("{copied} of {} {} were copied", page.rows.len(), kind.name())));
    }
    match kind {
        Kind::Team => write_schema_versions(transaction, &page.rows).await,
        Kind::List => count_members(transaction, &page.rows, &team_numbers),
        Kind::Record => {
            count_records(transaction, &page.rows, &team_numbers)?;
            take_keys(transaction, &page.rows).await
        }
        _ => Ok(()),
    }
}

async fn advance(transaction: &mut Transaction, kind: Kind, from: Position, page: &Page) -> Outcome<()> {
    let (major, minor) = (page.next.map(|next| next.major), page.next.map(|next| next.minor));
    let rows = i64::try_from(page.rows.len()).unwrap_or(i64::MAX);
    let parameters = [
        (&kind.name() as _, Type::TEXT),
        (&from.major as _, Type::INT8),
        (&from.minor as _, Type::INT8),
        (&major as _, Type::INT8),
        (&minor as _, Type::INT8),
        (&rows as _, Type::INT8),
    ];
    if transaction.execute(ADVANCE, &parameters).await? == 0 {
        return Err(Failure::internal("another copy into this database is running: let it end"));
    }
    Ok(())
}

async fn team_numbers(transaction: &mut Transaction, kind: Kind, rows: &[Row]) -> Outcome<HashMap<Uuid, i64>> {
    let mut numbers = HashMap::new();
    if kind == Kind::Team {
        return Ok(numbers);
    }
    for row in rows {
        let team = id_in(kind, row, "team")?;
        if let Entry::Vacant(unknown) = numbers.entry(team) {
            unknown.insert(require_team(transaction, TeamId(team)).await?);
        }
    }
    Ok(numbers)
}

fn team_no(kind: Kind, row: &Row, team_numbers: &HashMap<Uuid, i64>) -> Outcome<i64> {
    let team = id_in(kind, row, "team")?;
    team_numbers.get(&team).copied().ok_or_else(|| Failure::internal(format!("there is no team {team}")))
}

async fn write_schema_versions(transaction: &mut Transaction, teams: &[Row]) -> Outcome<()> {
    let ids = teams.iter().map(|team| id_in(Kind::Team, team, "id")).collect::<Outcome<Vec<Uuid>>>()?;
    let version = |team| number_in(Kind::Team, team, "schema_version");
    let versions = teams.iter().map(version).collect::<Outcome<Vec<i64>>>()?;
    transaction.execute(SCHEMA_VERSIONS, &[(&ids, Type::UUID_ARRAY), (&versions, Type::INT8_ARRAY)]).await?;
    Ok(())
}

fn count_members(transaction: &mut Transaction, lists: &[Row], team_numbers: &HashMap<Uuid, i64>) -> Outcome<()> {
    for list in lists {
        let list_id = ListId(id_in(Kind::List, list, "id")?);
        let members = number_in(Kind::List, list, "members")?;
        transaction.counts.members(team_no(Kind::List, list, team_numbers)?, list_id, members);
    }
    Ok(())
}

fn count_records(transaction: &mut Transaction, records: &[Row], team_numbers: &HashMap<Uuid, i64>) -> Outcome<()> {
    for record in records.iter().filter(|record| is_live(record)) {
        transaction.counts.records(team_no(Kind::Record, record, team_numbers)?, object_type(record)?, 1);
    }
    Ok(())
}

async fn take_keys(transaction: &mut Transaction, records: &[Row]) -> Outcome<()> {
    let mut keys: BTreeMap<TeamId, Vec<Holder>> = BTreeMap::new();
    for (team_id, holder) in keys_of(transaction, records).await? {
        keys.entry(team_id).or_default().push(holder);
    }
    for (team_id, mut wanted) in keys {
        wanted.sort_unstable();
        let team_no = require_team(transaction, team_id).await?;
        holders::take(transaction, team_no, wanted).await?;
    }
    Ok(())
}

/// The dedupe keys that live records must hold, each once.
pub(super) async fn keys_of(transaction: &mut Transaction, records: &[Row]) -> Outcome<Vec<(TeamId, Holder)>> {
    let body_place = Kind::Record.place("body");
    let mut contexts: HashMap<(TeamId, ObjectType), Arc<JudgeContext>> = HashMap::new();
    let mut keys = Vec::new();
    for record in records.iter().filter(|record| is_live(record)) {
        let team_id = TeamId(id_in(Kind::Record, record, "team")?);
        let object_type = object_type(record)?;
        let context = match contexts.get(&(team_id, object_type)) {
            Some(context) => Arc::clone(context),
            None => {
                let context = Arc::new(context(transaction, team_id, object_type).await?);
                contexts.insert((team_id, object_type), Arc::clone(&context));
                context
            }
        };
        let Some(Cell::Text(body)) = body_place.and_then(|place| record.get(place)) else {
            return Err(Failure::corrupt("a record without a body"));
        };
        let id = id_in(Kind::Record, record, "id")?;
        let mut own: Vec<Uuid> = context.keys_of_body(body).into_iter().map(|(_, key)| holders::hash(key)).collect();
        own.sort_unstable();
        own.dedup();
        keys.extend(own.into_iter().map(|hash| (team_id, (hash, id))));
    }
    Ok(keys)
}

/// Knows the type's keyed properties. Nobody changes the schema while a copy is under way.
async fn context(transaction: &mut Transaction, team_id: TeamId, object_type: ObjectType) -> Outcome<JudgeContext> {
    let team_no = require_team(transaction, team_id).await?;
    let current = schema::current(transaction, team_id, team_no).await?;
    let hasher = &transaction.shared.hasher;
    JudgeContext::new(team_id, current, object_type, ImportOptions::default(), hasher)
        .map_err(|error| Failure::internal(error.to_string()))
}

fn is_live(record: &Row) -> bool {
    Kind::Record.place("deleted_at").and_then(|place| record.get(place)) == Some(&Cell::Null)
}

fn object_type(record: &Row) -> Outcome<ObjectType> {
    let number: u8 = number_in(Kind::Record, record, "object_type")?;
    ObjectType::from_number(number).ok_or_else(|| Failure::corrupt(format!("no object type has number {number}")))
}
