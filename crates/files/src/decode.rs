//! From bytes in some encoding to UTF-8, piece by piece.
//!
//! Owns the character that a cut between two pieces parts. Must not know rows, or how the encoding was found. Nothing is
//! ever replaced: what cannot be read stops the decoding.

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use crate::error::FileError;

/// Bytes of text decoded at once.
const TEXT_BYTES: usize = 32 * 1024;

/// Why no more text comes out.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The next bytes are nothing in this encoding.
    Malformed,
    /// The input ends within a character.
    CutOff,
    /// The sink wants no more.
    Sink(FileError),
}

/// Decodes one file, without its byte order mark.
pub(crate) enum Decoder {
    /// UTF-8 is only checked, and handed on without a copy. Holds the beginning of a parted character.
    Utf8(Vec<u8>),
    /// Anything else.
    Other(Box<encoding_rs::Decoder>, Vec<u8>),
}

impl Decoder {
    pub(crate) fn new(encoding: &'static Encoding) -> Self {
        if encoding == UTF_8 {
            Decoder::Utf8(Vec::new())
        } else {
            Decoder::Other(Box::new(encoding.new_decoder_without_bom_handling()), vec![0; TEXT_BYTES])
        }
    }

    /// Takes the next piece, and hands its text out in whole characters.
    ///
    /// # Errors
    /// Where the text stops. All before it was handed out.
    pub(crate) fn push<S>(&mut self, bytes: &[u8], last: bool, sink: &mut S) -> Result<(), Stop>
    where
        S: FnMut(&[u8]) -> Result<(), FileError>,
    {
        match self {
            Decoder::Utf8(parted) => check(parted, bytes, last, sink),
            Decoder::Other(decoder, text) => decode(decoder, text, bytes, last, sink),
        }
    }
}

fn check<S>(parted: &mut Vec<u8>, bytes: &[u8], last: bool, sink: &mut S) -> Result<(), Stop>
where
    S: FnMut(&[u8]) -> Result<(), FileError>,
{
    let mut rest = bytes;
    while !parted.is_empty() {
        let Some((&byte, behind)) = rest.split_first() else { break };
        rest = behind;
        parted.push(byte);
        match std::str::from_utf8(parted) {
            Ok(_) => {
                sink(parted).map_err(Stop::Sink)?;
                parted.clear();
            }
            Err(fault) if fault.error_len().is_some() => return Err(Stop::Malformed),
            Err(_) => {}
        }
    }
    if let Err(fault) = std::str::from_utf8(rest) {
        let (valid, behind) = rest.split_at(fault.valid_up_to());
        sink(valid).map_err(Stop::Sink)?;
        if fault.error_len().is_some() {
            return Err(Stop::Malformed);
        }
        parted.extend_from_slice(behind);
    } else {
        sink(rest).map_err(Stop::Sink)?;
    }
    if last && !parted.is_empty() { Err(Stop::CutOff) } else { Ok(()) }
}

fn decode<S>(
    decoder: &mut encoding_rs::Decoder,
    text: &mut [u8],
    bytes: &[u8],
    last: bool,
    sink: &mut S,
) -> Result<(), Stop>
where
    S: FnMut(&[u8]) -> Result<(), FileError>,
{
    let mut rest = bytes;
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, text, last);
        rest = rest.get(read..).unwrap_or_default();
        sink(text.get(..written).unwrap_or_default()).map_err(Stop::Sink)?;
        match result {
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) if last && rest.is_empty() => return Err(Stop::CutOff),
            DecoderResult::Malformed(..) => return Err(Stop::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(label: &str, pieces: &[&[u8]]) -> (String, Result<(), Stop>) {
        let mut decoder = Decoder::new(Encoding::for_label(label.as_bytes()).unwrap());
        let mut text = Vec::new();
        let mut outcome = Ok(());
        for (index, piece) in pieces.iter().enumerate() {
            outcome = decoder.push(piece, index + 1 == pieces.len(), &mut |part: &[u8]| {
                assert!(std::str::from_utf8(part).is_ok(), "a character was parted");
                text.extend_from_slice(part);
                Ok(())
            });
            if outcome.is_err() {
                break;
            }
        }
        (String::from_utf8(text).unwrap(), outcome)
    }

    #[test]
    fn a_character_may_be_parted() {
        let euro = "€".as_bytes();
        let (text, outcome) = decoded("utf-8", &[b"a", &euro[..1], &euro[1..2], &euro[2..], b"z"]);
        assert_eq!(text, "a€z");
        assert!(outcome.is_ok());
    }

    #[test]
    fn what_cannot_be_read_stops_the_text() {
        let (text, outcome) = decoded("utf-8", &[b"ab\xff", b"c"]);
        assert_eq!(text, "ab");
        assert!(matches!(outcome, Err(Stop::Malformed)));
        let (text, outcome) = decoded("shift_jis", &[b"ab\x81", b"\x01c"]);
        assert_eq!(text, "ab");
        assert!(matches!(outcome, Err(Stop::Malformed)));
    }

    #[test]
    fn a_character_cut_off_at_the_end_is_told_apart() {
        assert!(matches!(decoded("utf-8", &[b"a\xe2\x82"]).1, Err(Stop::CutOff)));
        assert!(matches!(decoded("utf-16le", &[b"a\0b"]).1, Err(Stop::CutOff)));
    }
}
