//! Reading a request's body: piece by piece, decoded, within the time that a body may stand still.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::decode::{ContentDecoder, Encoding};
use super::idempotency::HeldKey;
use super::splitter::refuse_duplicate_names;
use crate::error::ApiError;
use crate::settings::HttpSettings;

/// Encoded bytes decoded in one go. A few bytes of zstd can stand for 128 KiB and a few of gzip for 4 KiB, so that what
/// one go gives stays around 4 MiB at worst, whatever is sent.
const ZSTD_GO_BYTES: usize = 128;
const GZIP_GO_BYTES: usize = 4 << 10;

/// A body on its way in.
pub(crate) struct BodyReader {
    body: Body,
    decoder: ContentDecoder,
    /// What has arrived and is not decoded yet.
    arrived: Bytes,
    go_bytes: usize,
    progress: Progress,
}

impl BodyReader {
    /// A reader at the beginning of a body that may have `bytes_max` bytes once decoded.
    pub(crate) fn new(
        body: Body,
        encoding: Encoding,
        bytes_max: u64,
        settings: &HttpSettings,
    ) -> Result<Self, ApiError> {
        let go_bytes = match encoding {
            Encoding::Identity => usize::MAX,
            Encoding::Gzip => GZIP_GO_BYTES,
            Encoding::Zstd => ZSTD_GO_BYTES,
        };
        let decoder = ContentDecoder::new(encoding, bytes_max)?;
        let progress = Progress::new(settings.body_idle_timeout, settings.body_progress_bytes);
        Ok(Self { body, decoder, arrived: Bytes::new(), go_bytes, progress })
    }

    /// Takes the next bytes in and hands what they decode to `out`. `false` once the body is over.
    pub(crate) async fn step(
        &mut self,
        out: &mut (impl FnMut(&[u8]) -> Result<(), ApiError> + Send),
    ) -> Result<bool, ApiError> {
        if self.arrived.is_empty() && !self.receive().await? {
            return Ok(false);
        }
        let go = self.arrived.split_to(self.go_bytes.min(self.arrived.len()));
        self.decoder.push(&go, out)?;
        Ok(true)
    }

    /// The next decoded bytes; `None` after the last, once the encoding is known to be whole.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let mut decoded = Vec::new();
        while decoded.is_empty() {
            let mut out = |bytes: &[u8]| {
                decoded.extend_from_slice(bytes);
                Ok(())
            };
            if !self.step(&mut out).await? {
                return self.decoder.finish().map(|()| None).map_err(ApiError::from);
            }
        }
        Ok(Some(Bytes::from(decoded)))
    }

    /// Ends the body: 400 when its encoding is cut off.
    pub(crate) fn finish(&self) -> Result<(), ApiError> {
        Ok(self.decoder.finish()?)
    }

    /// Waits for the next piece; `false` once the body is over.
    async fn receive(&mut self) -> Result<bool, ApiError> {
        loop {
            let frame = match timeout_at(self.progress.deadline, self.body.frame()).await {
                Ok(frame) => frame,
                Err(_) => return Err(self.progress.timed_out()),
            };
            match frame {
                None => return Ok(false),
                Some(Err(_)) => {
                    return Err(ApiError::bad_request("The body could not be read to its end. Send it again, whole."));
                }
                Some(Ok(frame)) => {
                    // Trailers say nothing to us.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        self.progress.note(data.len());
                        self.arrived = data;
                        return Ok(true);
                    }
                }
            }
        }
    }
}

/// Until when the next bytes must have arrived.
struct Progress {
    idle_timeout: Duration,
    bytes_wanted: usize,
    bytes_since: usize,
    deadline: Instant,
}

impl Progress {
    fn new(idle_timeout: Duration, bytes_wanted: usize) -> Self {
        Self { idle_timeout, bytes_wanted, bytes_since: 0, deadline: Instant::now() + idle_timeout }
    }

    /// Only a fair number of bytes counts as progress: a trickle could go on for ever.
    fn note(&mut self, bytes: usize) {
        self.bytes_since += bytes;
        if self.bytes_since >= self.bytes_wanted {
            self.bytes_since = 0;
            self.deadline = Instant::now() + self.idle_timeout;
        }
    }

    fn timed_out(&self) -> ApiError {
        ApiError::request_timeout(format!(
            "Within {} seconds fewer than {} bytes of the body arrived. Send it again, faster.",
            self.idle_timeout.as_secs_f32(),
            self.bytes_wanted
        ))
    }
}

/// Reads a small body whole and takes it into the fingerprint of `held`.
pub(crate) async fn read_small(mut reader: BodyReader, held: &mut Option<HeldKey>) -> Result<Vec<u8>, ApiError> {
    let mut whole = Vec::new();
    while reader
        .step(&mut |decoded: &[u8]| {
            whole.extend_from_slice(decoded);
            Ok(())
        })
        .await?
    {}
    reader.finish()?;
    if let Some(held) = held {
        held.note(&whole);
    }
    Ok(whole)
}

/// Checks that a small body is one JSON object, in UTF-8, no object in it holding a name twice.
pub(crate) fn require_object(body: &[u8]) -> Result<&str, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let offset = error.valid_up_to();
        ApiError::invalid_json(format!("The body is not valid JSON at byte {offset}: the bytes are not UTF-8."))
    })?;
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map_err(|error| ApiError::invalid_json(format!("The body is not valid JSON: {error}.")))?;
    if !text.trim_start().starts_with('{') {
        return Err(ApiError::invalid_field(".body", "The body must be a JSON object."));
    }
    refuse_duplicate_names(text, 0)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(body: Body, encoding: Encoding, bytes_max: u64) -> BodyReader {
        BodyReader::new(body, encoding, bytes_max, &HttpSettings::default()).expect("a reader")
    }

    fn body_of(pieces: &[&'static [u8]], pause: Duration) -> Body {
        let pieces: Vec<_> = pieces.iter().map(|piece| Bytes::from_static(piece)).collect();
        Body::from_stream(futures_util::stream::unfold(pieces.into_iter(), move |mut rest| async move {
            let piece = rest.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(piece), rest))
        }))
    }

    #[tokio::test]
    async fn a_body_comes_out_as_it_went_in() {
        let pieces = body_of(&[b"{\"a\"", b"", b":1}"], Duration::ZERO);
        let whole = read_small(reader(pieces, Encoding::Identity, 7), &mut None).await;
        assert_eq!(whole.ok().as_deref(), Some(&b"{\"a\":1}"[..]));
    }

    #[tokio::test]
    async fn a_byte_over_the_limit_is_refused() {
        let over = read_small(reader(Body::from("12345678"), Encoding::Identity, 7), &mut None).await;
        assert_eq!(over.expect_err("too large").status(), 413);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_or_trickles_is_given_up() {
        let still = body_of(&[b"{}"], Duration::from_secs(21));
        let answer = read_small(reader(still, Encoding::Identity, 100), &mut None).await;
        assert_eq!(answer.expect_err("stands still").status(), 408);

        let trickle = body_of(&[&b"x"[..]; 100], Duration::from_secs(1));
        let answer = read_small(reader(trickle, Encoding::Identity, 1_000), &mut None).await;
        assert_eq!(answer.expect_err("trickles").status(), 408);

        let slow = body_of(&[&[b'x'; 1_024][..]; 5], Duration::from_secs(19));
        let answer = read_small(reader(slow, Encoding::Identity, 10_000), &mut None).await;
        assert_eq!(answer.map(|whole| whole.len()).ok(), Some(5 * 1_024));
    }

    #[test]
    fn small_bodies_are_json_objects() {
        assert!(require_object(b" {\"default\":{\"a\":[1]}}\n").is_ok());
        for bad in [&b""[..], b"{", b"{}{}", b"[1]", b"null", b"{\"a\":1,\"a\":2}", b"{\"a\":\"\xff\"}", b"{\"a\":NaN}"]
        {
            let status = require_object(bad).expect_err("bad").status();
            assert_eq!(status, 400, "{}", String::from_utf8_lossy(bad));
        }
    }
}
