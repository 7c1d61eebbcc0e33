//! `stage_chunk`: appends rows to an upload's file.

use std::sync::Arc;

use refract_domain::import::row::RawChunk;
use refract_store::{StoreError, Upload};

use super::blocking;
use crate::store::SqliteStore;

/// See [`refract_store::ImportVerbs::stage_chunk`].
#[tracing::instrument(name = "store.stage_chunk", level = "debug", skip_all, fields(rows = chunk.len()))]
pub(crate) async fn stage_chunk(store: &SqliteStore, upload: &Upload, chunk: RawChunk) -> Result<RawChunk, StoreError> {
    store.threads.writer.refuse_when_closing()?;
    let staged = Arc::clone(&store.shared.staged);
    let upload = upload.id;
    blocking(move || {
        staged.append(upload, &chunk)?;
        let mut emptied = chunk;
        emptied.first_row = emptied.end_row();
        emptied.bytes.clear();
        emptied.ends.clear();
        Ok(emptied)
    })
    .await
}
