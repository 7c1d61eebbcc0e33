//! The body of an import: rows go to the engine as they arrive; what is left at the end are the options.

use refract_domain::limits::ImportLimits;
use refract_engine::Intake;

use super::body::BodyReader;
use super::idempotency::HeldKey;
use super::splitter::{Envelope, SplitLimits, Splitter};
use crate::error::ApiError;

/// The most bytes in the value of `options`; all known options with a long slug take a hundredth of it.
const OPTIONS_BYTES_MAX: usize = 64 << 10;

/// Why a body was not taken in.
pub(crate) struct Refusal {
    pub(crate) error: ApiError,
    /// Whether all of it was read, so that the refusal is of this body and no other.
    pub(crate) read_whole: bool,
}

/// Reads the whole body and pushes its rows.
///
/// Rows are handed over after every few kilobytes, so that memory stays flat whatever the size of the body.
pub(crate) async fn read_import(
    mut reader: BodyReader,
    limits: &ImportLimits,
    intake: &mut Intake,
    held: &mut Option<HeldKey>,
) -> Result<Envelope, Refusal> {
    let mut splitter = Splitter::new(SplitLimits {
        rows_max: limits.rows_max,
        row_bytes_max: limits.row_bytes_max,
        options_bytes_max: OPTIONS_BYTES_MAX,
    });
    let unread = |error| Refusal { error, read_whole: false };
    loop {
        let more = reader
            .step(&mut |decoded: &[u8]| {
                if let Some(held) = held {
                    held.note(decoded);
                }
                intake.count_bytes(decoded.len() as u64);
                splitter.push(decoded, &mut |row: &[u8]| intake.push_row(row))?;
                Ok(())
            })
            .await
            .map_err(unread)?;
        if !more {
            break;
        }
        intake.settle().await.map_err(|error| unread(error.into()))?;
    }
    reader.finish().map_err(unread)?;
    splitter.finish().map_err(|error| Refusal { error: error.into(), read_whole: true })
}
