//! `count_records`: how many live records there are of a type, or of a list.

use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError};
use rusqlite::OptionalExtension;

use crate::store::SqliteStore;

const COUNT: &str = include_str!("../sql/count_records.sql");
const COUNT_IN_LIST: &str = include_str!("../sql/count_records_in_list.sql");

/// See [`refract_store::RecordVerbs::count_records`].
#[tracing::instrument(name = "store.count_records", level = "debug", skip_all)]
pub(crate) async fn count_records(
    store: &SqliteStore,
    caller: &Caller,
    object_type: ObjectType,
    list_id: Option<ListId>,
) -> Result<u64, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        let number = object_type.number();
        let count: Option<i64> = match list_id {
            Some(list_id) => connection
                .prepare_cached(COUNT_IN_LIST)?
                .query_row((team_id.as_bytes(), number, list_id.as_bytes()), |row| row.get(0))
                .optional()?,
            None => connection
                .prepare_cached(COUNT)?
                .query_row((team_id.as_bytes(), number), |row| row.get(0))
                .optional()?,
        };
        Ok(count.map_or(0, i64::unsigned_abs))
    };
    store.threads.readers.read_little(work).await
}
