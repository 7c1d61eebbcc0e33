//! In which encoding a file is written.
//!
//! Owns the order of evidence: the caller, a byte order mark, NUL bytes that are UTF-16, UTF-8, and at last a guess from
//! frequencies. Must not know dialects or rows.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr_iter, memchr2};

use crate::decode::Decoder;
use crate::error::FileError;
use crate::facts::{Fact, Found};

/// How to decode a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset {
    pub(crate) encoding: Fact<&'static Encoding>,
    /// Bytes at the start that are a byte order mark of this encoding.
    pub(crate) bom_bytes: usize,
}

/// What files begin with that people send by mistake.
const NO_TEXT: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "a zip archive or a workbook (.xlsx, .ods)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
];

/// Text has at most one NUL in so many bytes. A few are the fault of the rows that hold them: the exports of real systems
/// have such cells, and the rest of the file is sound.
const NULS_ONE_IN: usize = 100;

/// Decides from the beginning of a file, which is the whole file if `complete`.
///
/// # Errors
/// The label is not known, or the file is no text.
pub(crate) fn decide(head: &[u8], complete: bool, given: Option<&str>) -> Result<Charset, FileError> {
    if let Some((_, looks_like)) = NO_TEXT.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(FileError::no_text(looks_like));
    }
    let mark = Encoding::for_bom(head);
    let encoding = match (given, mark) {
        (Some(label), _) => Fact { value: by_label(label, mark, head)?, found: Found::Given },
        (None, Some((marked, _))) => Fact { value: marked, found: Found::Bom },
        (None, None) => detect(head, complete),
    };
    if encoding.value != UTF_16LE && encoding.value != UTF_16BE {
        refuse_nuls(head)?;
    }
    let bom_bytes = mark.map_or(0, |(marked, length)| if marked == encoding.value { length } else { 0 });
    Ok(Charset { encoding, bom_bytes })
}

fn by_label(
    label: &str,
    mark: Option<(&'static Encoding, usize)>,
    head: &[u8],
) -> Result<&'static Encoding, FileError> {
    if label.trim().eq_ignore_ascii_case("utf-16") {
        let marked = mark.map(|(marked, _)| marked);
        return Ok(marked.or_else(|| utf16_without_mark(head)).unwrap_or(UTF_16LE));
    }
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding != REPLACEMENT => Ok(encoding),
        _ => Err(FileError::unknown_encoding(label)),
    }
}

fn refuse_nuls(head: &[u8]) -> Result<(), FileError> {
    let Some(first) = memchr(0, head) else { return Ok(()) };
    if memchr_iter(0, head).count() * NULS_ONE_IN <= head.len() {
        return Ok(());
    }
    let before = head.get(..first).unwrap_or_default();
    Err(FileError::nuls(memchr_iter(b'\n', before).count() as u64 + 1))
}

fn detect(head: &[u8], complete: bool) -> Fact<&'static Encoding> {
    let detected = |value| Fact { value, found: Found::Detected };
    if memchr(0, head).is_some()
        && let Some(encoding) = utf16_without_mark(head)
    {
        return detected(encoding);
    }
    if head.is_ascii() {
        return Fact { value: UTF_8, found: Found::Default };
    }
    if is_utf8(head, complete) {
        return detected(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, complete);
    detected(detector.guess(None, Utf8Detection::Deny))
}

/// Whether the bytes are meant as UTF-8: they are valid, or ten characters beyond ASCII are for each fault. Such a file is
/// damaged, which its reader should be told; taken for another encoding, every one of its names would be garbled in silence.
fn is_utf8(head: &[u8], complete: bool) -> bool {
    let mut characters = 0;
    let mut faults = 0;
    for chunk in head.utf8_chunks() {
        characters += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    // The end of the held bytes may part a character.
    let parted = std::str::from_utf8(head).is_err_and(|fault| fault.error_len().is_none());
    faults == 0 || (parted && !complete) || characters >= 10 * faults
}

/// UTF-16 shows itself by the zero halves of its ASCII characters, which all lie on one side, in text without control
/// characters. Tables have such characters in any script: delimiters, digits, line ends.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = head.as_chunks::<2>();
    let high_zeros = |high: usize| pairs.iter().filter(|pair| pair.get(high) == Some(&0)).count();
    let (big, little) = (high_zeros(0), high_zeros(1));
    let (encoding, ascii) = if little > big { (UTF_16LE, little) } else { (UTF_16BE, big) };
    if ascii * 20 < pairs.len() || ascii < 10 * big.min(little) {
        return None;
    }
    let mut clean = true;
    let mut has_line_end = false;
    let outcome = Decoder::new(encoding).push(pairs.as_flattened(), false, &mut |text: &[u8]| {
        has_line_end |= memchr2(b'\n', b'\r', text).is_some();
        clean &= !text.iter().any(|&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n'));
        Ok(())
    });
    // Two bytes of other text with a NUL between them look like one ASCII character, but hardly like a line end.
    let is_text = clean && outcome.is_ok() && (has_line_end || ascii * 2 >= pairs.len());
    is_text.then_some(encoding)
}
