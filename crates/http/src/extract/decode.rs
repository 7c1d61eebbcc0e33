//! Undoing the `Content-Encoding` of a body while it streams in.
//!
//! Owns the framing of gzip (RFC 1952), the bounds on zstd (RFC 8878, window per RFC 9659) and the limit on decoded
//! bytes, which stops a bomb where the limit is and not where its memory ends. Must not know what the body says.

mod gzip;
mod zstd_frames;

#[cfg(test)]
mod tests;

use thiserror::Error;

use gzip::GzipDecoder;
use zstd_frames::ZstdDecoder;

/// The most bytes handed out at once.
pub const PIECE_BYTES_MAX: usize = 64 * 1024;

/// A content coding the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The body as it is.
    Identity,
    /// One or more gzip members.
    Gzip,
    /// One or more zstd frames.
    Zstd,
}

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The header names a coding the server does not take, or several.
    #[error("the content encoding {given:?} is not supported; send the body plain, or with one of gzip and zstd")]
    Unsupported {
        /// The header's value, shortened if long.
        given: String,
    },
    /// The bytes are not what the header says they are.
    #[error("the body is not valid {encoding}: {reason}")]
    InvalidEncoding {
        /// `gzip` or `zstd`.
        encoding: &'static str,
        /// What is wrong, in words.
        reason: &'static str,
    },
    /// More bytes than a body may have: decoded ones, or so many encoded ones that they cannot be worth it.
    #[error("the body has at least {measured} bytes, and {limit} are allowed; split the import into several")]
    TooLarge {
        /// The most decoded bytes allowed.
        limit: u64,
        /// Bytes counted when decoding stopped; the body may hold more.
        measured: u64,
    },
    /// The decoder could not be set up: memory is short.
    #[error("the decoder for {encoding} could not be set up")]
    Unavailable {
        /// `zstd`.
        encoding: &'static str,
    },
}

impl Encoding {
    /// Reads the value of a `Content-Encoding` header, ignoring case and outer spaces. No header means
    /// [`Encoding::Identity`], and so does an empty one.
    ///
    /// # Errors
    /// [`DecodeError::Unsupported`] for any other coding and for lists: codings on top of each other have no use here.
    pub fn from_header(value: &[u8]) -> Result<Self, DecodeError> {
        let coding = value.trim_ascii().to_ascii_lowercase();
        match coding.as_slice() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"zstd" => Ok(Self::Zstd),
            _ => Err(DecodeError::Unsupported { given: String::from_utf8_lossy(value).chars().take(64).collect() }),
        }
    }
}

/// An incremental decoder: encoded bytes are pushed in pieces of any size, decoded bytes come out in pieces of at most
/// [`PIECE_BYTES_MAX`].
///
/// Its memory is bounded whatever is pushed: under 200 KiB for gzip, about 8 MiB for zstd.
pub struct ContentDecoder {
    kind: Kind,
    budget: Budget,
    failed: Option<DecodeError>,
}

enum Kind {
    Identity,
    Gzip(Box<GzipDecoder>),
    Zstd(ZstdDecoder),
}

impl ContentDecoder {
    /// A decoder at the beginning of a body that may have `body_bytes_max` bytes once decoded.
    ///
    /// # Errors
    /// [`DecodeError::Unavailable`] when there is no memory for it.
    pub fn new(encoding: Encoding, body_bytes_max: u64) -> Result<Self, DecodeError> {
        let kind = match encoding {
            Encoding::Identity => Kind::Identity,
            Encoding::Gzip => Kind::Gzip(Box::new(GzipDecoder::new())),
            Encoding::Zstd => Kind::Zstd(ZstdDecoder::new()?),
        };
        Ok(Self { kind, budget: Budget { limit: body_bytes_max, encoded: 0, decoded: 0 }, failed: None })
    }

    /// Decoded bytes so far.
    #[must_use]
    pub fn decoded_bytes(&self) -> u64 {
        self.budget.decoded
    }

    /// Takes the next piece of the body and hands what it decodes to `out`, in order.
    ///
    /// # Errors
    /// The first thing wrong with the body, or the first error of `out`, which ends the decoding of this piece. After an
    /// error of the body every call gives it again; after an error of `out` the decoder is not to be used any more.
    pub fn push<E, F>(&mut self, encoded: &[u8], out: &mut F) -> Result<(), E>
    where
        E: From<DecodeError>,
        F: FnMut(&[u8]) -> Result<(), E>,
    {
        if let Some(error) = &self.failed {
            return Err(E::from(error.clone()));
        }
        let mut failure = None;
        let mut rest = encoded;
        while failure.is_none() {
            let step = match &mut self.kind {
                Kind::Identity => Ok(identity_step(rest)),
                Kind::Gzip(decoder) => decoder.step(rest),
                Kind::Zstd(decoder) => decoder.step(rest),
            };
            match step {
                Ok(Step { waits: true, .. }) => return Ok(()),
                Ok(Step { used, decoded, .. }) => {
                    rest = rest.get(used..).unwrap_or_default();
                    match self.budget.spend(used, decoded.len()) {
                        Ok(()) if decoded.is_empty() => {}
                        Ok(()) => out(decoded)?,
                        Err(error) => failure = Some(error),
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        self.failed.clone_from(&failure);
        failure.map_or(Ok(()), |error| Err(E::from(error)))
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The error of an earlier `push`; [`DecodeError::InvalidEncoding`] if the encoded body is cut off.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match &self.kind {
            Kind::Identity => Ok(()),
            Kind::Gzip(decoder) => decoder.finish(),
            Kind::Zstd(decoder) => decoder.finish(),
        }
    }
}

/// What one step of a decoder did.
struct Step<'a> {
    /// Nothing was done and nothing can be until there are more bytes.
    waits: bool,
    /// Encoded bytes used up.
    used: usize,
    /// Bytes decoded by them, at most [`PIECE_BYTES_MAX`].
    decoded: &'a [u8],
}

fn identity_step(rest: &[u8]) -> Step<'_> {
    let decoded = rest.get(..PIECE_BYTES_MAX).unwrap_or(rest);
    Step { waits: decoded.is_empty(), used: decoded.len(), decoded }
}

/// What encoded bytes may be more than the decoded ones they stand for, as a part of the limit and in bytes: headers,
/// checksums, blocks that would not shrink. Without it, an endless comment in a header would be read for ever.
const OVERHEAD_DIVISOR: u64 = 8;
const OVERHEAD_BYTES: u64 = 64 * 1024;

/// How many bytes have gone by, and how many may.
#[derive(Debug)]
struct Budget {
    limit: u64,
    encoded: u64,
    decoded: u64,
}

impl Budget {
    fn spend(&mut self, encoded: usize, decoded: usize) -> Result<(), DecodeError> {
        self.encoded = self.encoded.saturating_add(encoded as u64);
        self.decoded = self.decoded.saturating_add(decoded as u64);
        if self.decoded > self.limit {
            return Err(DecodeError::TooLarge { limit: self.limit, measured: self.decoded });
        }
        let encoded_max = self.limit.saturating_add(self.limit / OVERHEAD_DIVISOR).saturating_add(OVERHEAD_BYTES);
        if self.encoded > encoded_max {
            return Err(DecodeError::TooLarge { limit: self.limit, measured: self.encoded });
        }
        Ok(())
    }
}
