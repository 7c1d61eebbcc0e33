//! One verb a file; each is one transaction.

pub(crate) mod abandon;
pub(crate) mod admit;
pub(crate) mod admit_apply;
pub(crate) mod admit_undo;
pub(crate) mod apply_chunk;
pub(crate) mod apply_inline;
pub(crate) mod begin;
pub(crate) mod cancel;
pub(crate) mod change_schema;
pub(crate) mod claim;
pub(crate) mod close;
pub(crate) mod count_records;
pub(crate) mod create_key;
pub(crate) mod create_list;
pub(crate) mod create_record;
pub(crate) mod create_team;
pub(crate) mod delete_record;
pub(crate) mod delete_records;
pub(crate) mod delete_view;
pub(crate) mod drafted_options;
pub(crate) mod fail;
pub(crate) mod find_key;
pub(crate) mod find_records;
pub(crate) mod get_grants;
pub(crate) mod get_list_values;
pub(crate) mod get_record;
pub(crate) mod get_records;
pub(crate) mod jobs;
pub(crate) mod keep_answer;
pub(crate) mod key_property;
pub(crate) mod keys;
pub(crate) mod lists;
pub(crate) mod load_chunk;
pub(crate) mod patch_record;
pub(crate) mod ping;
pub(crate) mod prolong;
pub(crate) mod provenance;
pub(crate) mod purge;
pub(crate) mod put_grants;
pub(crate) mod put_view;
pub(crate) mod query_records;
pub(crate) mod release;
pub(crate) mod restore_record;
pub(crate) mod results;
pub(crate) mod revoke_key;
pub(crate) mod schema;
pub(crate) mod snapshot;
pub(crate) mod stage_chunk;
pub(crate) mod suspect;
pub(crate) mod teams;
pub(crate) mod undo_chunk;
pub(crate) mod unfinished_jobs;
pub(crate) mod update_records;

use refract_store::StoreError;

use crate::error::{Failure, Outcome};

/// Does file work on a thread that may block. Whoever stops waiting stops nothing.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|Failure(error)| error),
        Err(error) if error.is_cancelled() => Err(StoreError::Closing),
        Err(error) => Err(StoreError::Internal(format!("file work panicked: {error}"))),
    }
}
pub(crate) mod views;
