//! `abandon`: drops an upload and its rows.

use refract_store::{StoreError, Upload};

use crate::staged::{OpenUpload, remove};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::{Mode, transact};

/// See [`refract_store::ImportVerbs::abandon`].
#[tracing::instrument(name = "store.abandon", level = "debug", skip_all)]
pub(crate) async fn abandon(store: &PostgresStore, upload: Upload) -> Result<(), StoreError> {
    store.shared.refuse_when_closing()?;
    match store.shared.uploads.settle(upload.id) {
        Some(open) => drop_rows(store, upload, open).await,
        None => Ok(()),
    }
}

/// Removes the rows of an upload that is no longer open.
pub(super) async fn drop_rows(store: &PostgresStore, upload: Upload, open: OpenUpload) -> Result<(), StoreError> {
    let command = (open.team_id, upload.id);
    transact(&store.shared, Mode::Draft, command, |transaction, (team_id, upload)| {
        Box::pin(async move {
            let team_no = require_team(transaction, *team_id).await?;
            remove(transaction, team_no, *upload).await
        })
    })
    .await
}
