//! Staged rows: compressed pieces in a table, so that any node can go on with any job.
//!
//! Owns the uploads that this process is writing and the form of a piece. Must not know jobs: who claims an upload's
//! rows is a matter of the verbs.

mod frame;

use std::collections::HashMap;
use std::sync::Mutex;

use refract_domain::ids::TeamId;
use refract_store::StoreError;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Failure, Outcome};
use crate::store::Shared;
use crate::sync::lock;
use crate::transaction::{Mode, Transaction, transact};
pub(crate) use frame::{Piece, decode, decode_raw, encode, encode_raw};

const DROP_ROWS: &str = include_str!("../sql/staged_drop_rows.sql");
const DROP_UPLOAD: &str = include_str!("../sql/staged_drop_upload.sql");
const RELEASE: &str = include_str!("../sql/staged_release.sql");

/// The uploads of this process.
#[derive(Debug)]
pub(crate) struct Uploads {
    open: Mutex<HashMap<Uuid, OpenUpload>>,
    next: Mutex<Uuid>,
}

/// An upload that this process is writing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenUpload {
    pub(crate) team_id: TeamId,
    /// Rows staged so far.
    pub(crate) rows: u32,
}

impl Uploads {
    /// None yet; they are named from `first` upwards, a random value.
    pub(crate) fn new(first: Uuid) -> Self {
        Self { open: Mutex::default(), next: Mutex::new(first) }
    }

    /// Opens an upload. Nothing is written before its first rows.
    pub(crate) fn begin(&self, team_id: TeamId) -> Uuid {
        let mut next = lock(&self.next);
        let upload = *next;
        *next = Uuid::from_u128(upload.as_u128().wrapping_add(1));
        lock(&self.open).insert(upload, OpenUpload { team_id, rows: 0 });
        upload
    }

    /// The state of an open upload.
    pub(crate) fn get(&self, upload: Uuid) -> Outcome<OpenUpload> {
        let found = lock(&self.open).get(&upload).copied();
        found.ok_or_else(|| Failure::internal(format!("upload {upload} is not open")))
    }

    /// Says that an upload has so many rows now.
    pub(crate) fn grown(&self, upload: Uuid, rows: u32) {
        if let Some(open) = lock(&self.open).get_mut(&upload) {
            open.rows = rows;
        }
    }

    /// The upload is this process's no longer.
    pub(crate) fn settle(&self, upload: Uuid) -> Option<OpenUpload> {
        lock(&self.open).remove(&upload)
    }

    /// All open uploads: nobody here sweeps them.
    pub(crate) fn all(&self) -> Vec<Uuid> {
        lock(&self.open).keys().copied().collect()
    }
}

/// Leaves the staged rows of a job that ends to whoever drops them: this node right after the commit, or any node's
/// purge if this one dies in between.
pub(crate) async fn release(transaction: &mut Transaction, team_no: i64, staged: Option<Uuid>) -> Outcome<()> {
    let Some(upload) = staged else { return Ok(()) };
    transaction.execute(RELEASE, &[(&team_no, Type::INT8), (&upload, Type::UUID)]).await?;
    Ok(())
}

/// Removes an upload with its rows.
pub(crate) async fn remove(transaction: &mut Transaction, team_no: i64, upload: Uuid) -> Outcome<()> {
    let named = [(&team_no as _, Type::INT8), (&upload as _, Type::UUID)];
    transaction.execute(DROP_ROWS, &named).await?;
    transaction.execute(DROP_UPLOAD, &named).await?;
    Ok(())
}

/// Removes an upload with its rows in a transaction of its own. What cannot be removed now is left to the purge.
pub(crate) async fn drop_staged(
    shared: &std::sync::Arc<Shared>,
    team_no: i64,
    staged: Option<Uuid>,
) -> Result<(), StoreError> {
    let Some(upload) = staged else { return Ok(()) };
    transact(shared, Mode::Draft, (team_no, upload), |transaction, (team_no, upload)| {
        Box::pin(remove(transaction, *team_no, *upload))
    })
    .await
}
