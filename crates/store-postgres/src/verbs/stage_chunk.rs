//! `stage_chunk`: appends rows to an upload.

use refract_domain::import::row::RawChunk;
use refract_store::{StoreError, Upload};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::computing;
use crate::error::{Failure, Outcome};
use crate::job::int4;
use crate::staged::{OpenUpload, Piece, encode};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::{Mode, Transaction, transact};

const STAGE: &str = include_str!("../sql/stage_chunk.sql");

/// See [`refract_store::ImportVerbs::stage_chunk`].
#[tracing::instrument(name = "store.stage_chunk", level = "debug", skip_all, fields(rows = chunk.len()))]
pub(crate) async fn stage_chunk(
    store: &PostgresStore,
    upload: &Upload,
    chunk: RawChunk,
) -> Result<RawChunk, StoreError> {
    store.shared.refuse_when_closing()?;
    let id = upload.id;
    let open = store.shared.uploads.get(id).map_err(|failure| failure.error)?;
    if chunk.first_row != open.rows {
        let text = format!("a chunk from row {} after {} rows", chunk.first_row, open.rows);
        return Err(StoreError::Internal(text));
    }
    if chunk.is_empty() {
        return Ok(chunk);
    }
    let (piece, mut chunk) = computing(move || Ok((encode(&chunk), chunk))).await?;
    // It need not be on disk before `admit` is, whose commit comes later in the same log.
    transact(&store.shared, Mode::Draft, (id, open, piece), |transaction, (upload, open, piece)| {
        Box::pin(insert(transaction, *upload, *open, piece))
    })
    .await?;
    chunk.first_row = chunk.end_row();
    chunk.bytes.clear();
    chunk.ends.clear();
    Ok(chunk)
}

async fn insert(transaction: &mut Transaction, upload: Uuid, open: OpenUpload, piece: &Piece) -> Outcome<()> {
    let team_no = require_team(transaction, open.team_id).await?;
    let (first_row, rows) = (int4(piece.first_row)?, int4(piece.rows)?);
    let raw_bytes = i64::try_from(piece.raw_bytes).map_err(|_| Failure::internal("a chunk beyond all sizes"))?;
    let parameters = [
        (&team_no as _, Type::INT8),
        (&upload as _, Type::UUID),
        (&first_row as _, Type::INT4),
        (&rows as _, Type::INT4),
        (&raw_bytes as _, Type::INT8),
        (&i64::from(piece.checksum) as _, Type::INT8),
        (&piece.block as _, Type::BYTEA),
    ];
    transaction.execute(STAGE, &parameters).await?;
    let (shared, rows) = (std::sync::Arc::clone(&transaction.shared), piece.first_row + piece.rows);
    transaction.after_commit(move || shared.uploads.grown(upload, rows));
    Ok(())
}
