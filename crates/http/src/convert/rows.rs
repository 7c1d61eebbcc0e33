//! Answers with a part for each row of a job, however many there are: made while they are read, in the same little memory.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use refract_domain::import::fate::{Fate, FateWord};
use refract_engine::JobOutcomes;

/// What an answer is made of.
pub(crate) enum Part<'p> {
    /// A row, what became of it, and the word for that.
    Row(u32, &'p Fate, FateWord),
    /// There is no further row.
    End,
}

/// The outcomes of a job cannot be read to the end; why is in the log.
#[derive(Debug, thiserror::Error)]
#[error("the results of the job cannot be read")]
pub(crate) struct BrokenResults;

/// The body that `write` makes of the rows, one after the other; it gives bytes away once there are enough.
///
/// When the outcomes cannot be read the body ends in the middle, which clients see as a broken answer.
pub(crate) fn rows_body(outcomes: JobOutcomes, write: impl FnMut(Part<'_>) -> Vec<u8> + Send + 'static) -> Body {
    Body::from_stream(stream::try_unfold(Some((outcomes, write)), |state| async move {
        let Some((mut outcomes, mut write)) = state else { return Ok(None) };
        let spec = outcomes.view().snapshot.spec.clone();
        loop {
            let read = outcomes.next().await.map_err(|error| {
                tracing::error!(%error, "the results of a job cannot be read");
                BrokenResults
            })?;
            let Some(fates) = read else {
                return Ok::<_, BrokenResults>(Some((Bytes::from(write(Part::End)), None)));
            };
            let mut bytes = Vec::new();
            for (row, fate) in fates.rows() {
                let more = write(Part::Row(row, &fate, FateWord::of(&fate, &spec)));
                if bytes.is_empty() {
                    bytes = more;
                } else {
                    bytes.extend(more);
                }
            }
            if !bytes.is_empty() {
                return Ok(Some((Bytes::from(bytes), Some((outcomes, write)))));
            }
        }
    }))
}
