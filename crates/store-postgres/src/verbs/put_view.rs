//! `put_view`: keeps a view as it is to be.

use refract_domain::limits::VIEWS_MAX;
use refract_domain::view::SavedView;
use refract_store::{Answered, PutView, StoreError, ViewEffect};
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};
use crate::idempotency::{KeyOwner, once};
use crate::schema::type_number;
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

const COUNT: &str = include_str!("../sql/count_views.sql");
const CREATE: &str = include_str!("../sql/create_view.sql");
const REPLACE: &str = include_str!("../sql/replace_view.sql");
const FIND: &str = include_str!("../sql/find_view.sql");

/// See [`refract_store::ViewVerbs::put_view`].
#[tracing::instrument(name = "store.put_view", skip_all, fields(view_id = %command.view.id))]
pub(crate) async fn put_view(store: &PostgresStore, command: PutView) -> Result<Answered<ViewEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(answer(transaction, command))).await
}

async fn answer(transaction: &mut Transaction, command: &PutView) -> Outcome<Answered<ViewEffect>> {
    let PutView { caller, view, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| match view.version {
        1 => create(transaction, team_no, view).await,
        _ => replace(transaction, team_no, view).await,
    })
    .await
}

async fn create(transaction: &mut Transaction, team_no: i64, view: &SavedView) -> Outcome<ViewEffect> {
    let counted = transaction.query(COUNT, &[(&team_no, Type::INT8)]).await?;
    let views: i64 = counted.first().map_or(Ok(0), |row| column(row, "count"))?;
    if views.unsigned_abs() >= VIEWS_MAX as u64 {
        return Ok(ViewEffect::TooMany);
    }
    let (number, pins) = (type_number(view.object_type), view.pins_bytes());
    let parameters = [
        (&team_no as _, Type::INT8),
        (&view.id.0 as _, Type::UUID),
        (&number as _, Type::INT2),
        (&view.created_at.0 as _, Type::INT8),
        (&view.settings as _, Type::TEXT),
        (&pins as _, Type::BYTEA),
    ];
    let made = transaction.execute(CREATE, &parameters).await?;
    Ok(if made == 0 { ViewEffect::Exists(view.id) } else { ViewEffect::Kept(view.clone()) })
}

async fn replace(transaction: &mut Transaction, team_no: i64, view: &SavedView) -> Outcome<ViewEffect> {
    let pins = view.pins_bytes();
    let version = i64::try_from(view.version).map_err(|_| Failure::internal("a view of too many versions"))?;
    let parameters = [
        (&team_no as _, Type::INT8),
        (&view.id.0 as _, Type::UUID),
        (&version as _, Type::INT8),
        (&view.updated_at.0 as _, Type::INT8),
        (&view.settings as _, Type::TEXT),
        (&pins as _, Type::BYTEA),
    ];
    if transaction.execute(REPLACE, &parameters).await? > 0 {
        return Ok(ViewEffect::Kept(view.clone()));
    }
    if transaction.query_opt(FIND, &[(&team_no, Type::INT8), (&view.id.0, Type::UUID)]).await?.is_some() {
        return Err(StoreError::SchemaChanged.into());
    }
    Ok(ViewEffect::NotFound)
}
