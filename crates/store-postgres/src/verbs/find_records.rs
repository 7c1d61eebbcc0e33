//! `find_records`: live records that hold a key.

use refract_domain::key::KeyHash;
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::Outcome;
use crate::holders::hash;
use crate::records::stored;
use crate::schema::type_number;
use crate::store::PostgresStore;
use crate::team::find_team;

const FIND: &str = include_str!("../sql/find_records.sql");

/// See [`refract_store::QueryVerbs::find_records`].
#[tracing::instrument(name = "store.find_records", level = "debug", skip_all, fields(keys = keys.len()))]
pub(crate) async fn find_records(
    store: &PostgresStore,
    caller: &Caller,
    object_type: ObjectType,
    keys: &[KeyHash],
    records_max: usize,
) -> Result<Vec<Record>, StoreError> {
    let hashes: Vec<Uuid> = keys.iter().map(|key| hash(*key)).collect();
    let most = i64::try_from(records_max).unwrap_or(i64::MAX);
    store
        .read((caller.team_id, hashes, type_number(object_type), most), |transaction, command| {
            Box::pin(async move {
                let (team_id, hashes, number, most) = command;
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(Vec::new()) };
                let parameters = [
                    (&team_no as _, Type::INT8),
                    (hashes as _, Type::UUID_ARRAY),
                    (number as _, Type::INT2),
                    (most as _, Type::INT8),
                ];
                let rows = transaction.query(FIND, &parameters).await?;
                rows.iter().map(|row| stored(row).map(|stored| stored.record)).collect::<Outcome<_>>()
            })
        })
        .await
}
