//! zstd frames (RFC 8878), decoded step by step within a bounded window.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{DecodeError, PIECE_BYTES_MAX, Step};

/// Largest window, as a power of two: 8 MiB, what RFC 9659 allows for a content encoding. Every level up to 19 stays
/// within it; without a bound one request could ask for gigabytes.
const WINDOW_LOG_MAX: u32 = 23;

/// Decodes a sequence of frames.
pub(super) struct ZstdDecoder {
    decoder: Decoder<'static>,
    output: Vec<u8>,
    /// Whether the bytes so far end with a complete frame.
    at_frame_end: bool,
}

impl ZstdDecoder {
    pub(super) fn new() -> Result<Self, DecodeError> {
        let unavailable = |_| DecodeError::Unavailable { encoding: "zstd" };
        let mut decoder = Decoder::new().map_err(unavailable)?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(unavailable)?;
        Ok(Self { decoder, output: vec![0; PIECE_BYTES_MAX], at_frame_end: false })
    }

    pub(super) fn step(&mut self, rest: &[u8]) -> Result<Step<'_>, DecodeError> {
        if rest.is_empty() && self.at_frame_end {
            // Asked again, the library would begin a new frame.
            return Ok(Step { waits: true, used: 0, decoded: &[] });
        }
        let mut input = InBuffer::around(rest);
        let mut output = OutBuffer::around(self.output.as_mut_slice());
        let hint = self.decoder.run(&mut input, &mut output).map_err(|_| {
            invalid(
                "a frame is damaged, needs a window over 8 MiB, or is followed by something else; compress it again",
            )
        })?;
        self.at_frame_end = hint == 0;
        let used = input.pos();
        let decoded_length = output.pos();
        Ok(Step {
            waits: used == 0 && decoded_length == 0,
            used,
            decoded: self.output.get(..decoded_length).unwrap_or_default(),
        })
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.at_frame_end { Ok(()) } else { Err(invalid("it is cut off; send the whole body")) }
    }
}

fn invalid(reason: &'static str) -> DecodeError {
    DecodeError::InvalidEncoding { encoding: "zstd", reason }
}
