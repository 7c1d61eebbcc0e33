//! `count_records`: how many live records there are of a type, or of a list.

use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::error::column;
use crate::schema::type_number;
use crate::store::PostgresStore;
use crate::team::find_team;

const COUNT: &str = include_str!("../sql/count_records.sql");
const COUNT_IN_LIST: &str = include_str!("../sql/count_records_in_list.sql");

/// See [`refract_store::RecordVerbs::count_records`].
#[tracing::instrument(name = "store.count_records", level = "debug", skip_all)]
pub(crate) async fn count_records(
    store: &PostgresStore,
    caller: &Caller,
    object_type: ObjectType,
    list_id: Option<ListId>,
) -> Result<u64, StoreError> {
    store
        .read((caller.team_id, object_type, list_id), |transaction, (team_id, object_type, list_id)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(0) };
                let number = type_number(*object_type);
                let of_type = [(&team_no as _, Type::INT8), (&number as _, Type::INT2)];
                let row = match list_id {
                    Some(list_id) => {
                        let [team_no, number] = of_type;
                        transaction.query_one(COUNT_IN_LIST, &[team_no, number, (&list_id.0, Type::UUID)]).await?
                    }
                    None => transaction.query_one(COUNT, &of_type).await?,
                };
                // Between two slots a sum is never negative: both are read as of one moment.
                Ok(column::<i64>(&row, "count")?.unsigned_abs())
            })
        })
        .await
}
