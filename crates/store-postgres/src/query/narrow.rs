//! What a query is narrowed down to before any body is looked at: records that are named by id or by the key of a value they
//! must hold.

use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::query::RecordQuery;
use refract_store::Caller;
use refract_store::query_sql::{keyed_tests, named_ids};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::holders::hash;
use crate::schema::type_number;
use crate::team::find_team;
use crate::transaction::Transaction;

const IS_READY: &str = include_str!("../sql/key_property_is_ready.sql");
const HOLDERS: &str = include_str!("../sql/query_holders.sql");

/// Holders of a key beyond which the key is of no use: a scan meets the first page soon.
const HOLDERS_MAX: i64 = 10_000;

/// Where a query looks.
#[derive(Debug)]
pub(super) struct Narrowed {
    pub(super) team_no: i64,
    /// Only these.
    pub(super) ids: Option<Vec<RecordId>>,
}

/// Narrows a query down; `None` when nothing can be found.
pub(super) async fn narrow(
    transaction: &mut Transaction,
    caller: &Caller,
    query: &RecordQuery,
) -> Outcome<Option<Narrowed>> {
    let Some(team_no) = find_team(transaction, caller.team_id).await? else { return Ok(None) };
    let mut ids: Option<BTreeSet<RecordId>> = None;
    let named = named_ids(&query.filter);
    for some in query.ids.iter().chain(named.iter()) {
        narrow_to(&mut ids, some.iter().copied().collect());
    }
    if !query.with_deleted {
        for test in keyed_tests(&query.filter) {
            let number = type_number(query.object_type);
            let property = [(&team_no as _, Type::INT8), (&number as _, Type::INT2), (&test.slug as _, Type::TEXT)];
            if !column(&transaction.query_one(IS_READY, &property).await?, "is_ready")? {
                continue;
            }
            let scope = transaction.shared.hasher.scope(caller.team_id, query.object_type, test.slug);
            let keys: BTreeSet<Uuid> = test.key_texts.iter().map(|text| hash(scope.hash(text))).collect();
            if let Some(holders) = holders(transaction, team_no, keys.into_iter().collect()).await? {
                narrow_to(&mut ids, holders);
            }
        }
    }
    Ok(Some(Narrowed { team_no, ids: ids.map(|ids| ids.into_iter().collect()) }))
}

fn narrow_to(ids: &mut Option<BTreeSet<RecordId>>, to: BTreeSet<RecordId>) {
    *ids = Some(match ids.take() {
        None => to,
        Some(before) => before.intersection(&to).copied().collect(),
    });
}

/// Who holds one of these keys, unless they are too many.
async fn holders(transaction: &mut Transaction, team_no: i64, keys: Vec<Uuid>) -> Outcome<Option<BTreeSet<RecordId>>> {
    let most = HOLDERS_MAX + 1;
    let parameters = [(&team_no as _, Type::INT8), (&keys as _, Type::UUID_ARRAY), (&most as _, Type::INT8)];
    let rows = transaction.query(HOLDERS, &parameters).await?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= most {
        return Ok(None);
    }
    rows.iter().map(|row| Ok(RecordId(column(row, "record_id")?))).collect::<Outcome<_>>().map(Some)
}
