//! A ZIP archive written from front to end, to where nothing can be written twice.
//!
//! Owns the archive's bytes. All parts but the last are small: they are stored as they are, with their size before them, which
//! is what OpenDocument asks of its first one, and what programs insist on. The last part is packed as it comes, and its size
//! stands behind it. `zip` writes each part of a stream in that second way.

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// The sizes stand behind the part.
const SIZES_BEHIND: u16 = 1 << 3;
/// What a reader must understand: version 2.0, for packed parts.
const VERSION: u16 = 20;
/// The first day there is, 1980-01-01: an archive says nothing of when it was made.
const DAY: u16 = 0x21;

/// An archive before its last part.
pub(super) struct Archive<W: Write> {
    out: Counted<W>,
    parts: Vec<Part>,
}

/// An archive whose last part is being written.
pub(super) struct LastPart<W: Write> {
    packed: DeflateEncoder<Counted<W>>,
    sum: Crc,
    size: u64,
    /// Where its packed bytes begin.
    begin: u64,
    part: Part,
    parts: Vec<Part>,
}

/// A part, as the directory at the end has it.
struct Part {
    name: &'static str,
    method: u16,
    flags: u16,
    sum: u32,
    packed_size: u32,
    size: u32,
    offset: u32,
}

impl Part {
    /// What is written of it both before it and in the directory.
    fn push_common(&self, out: &mut Vec<u8>) {
        for number in [VERSION, self.flags, self.method, 0, DAY] {
            out.extend(number.to_le_bytes());
        }
        for number in [self.sum, self.packed_size, self.size] {
            out.extend(number.to_le_bytes());
        }
        // Names of parts are short and ASCII.
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend(0_u16.to_le_bytes());
    }

    fn local_header(&self) -> Vec<u8> {
        let mut out = b"PK\x03\x04".to_vec();
        self.push_common(&mut out);
        out.extend(self.name.as_bytes());
        out
    }

    fn push_entry(&self, out: &mut Vec<u8>) {
        out.extend(b"PK\x01\x02");
        out.extend(VERSION.to_le_bytes());
        self.push_common(out);
        // No comment, on the first disk, no attributes.
        out.extend([0; 10]);
        out.extend(self.offset.to_le_bytes());
        out.extend(self.name.as_bytes());
    }
}

impl<W: Write> Archive<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: Counted { out, count: 0 }, parts: Vec::new() }
    }

    /// Writes a small part as it is.
    pub(super) fn store(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()> {
        let (offset, size) = (fitting(self.out.count)?, fitting(bytes.len() as u64)?);
        let mut sum = Crc::new();
        sum.update(bytes);
        let part = Part { name, method: STORED, flags: 0, sum: sum.sum(), packed_size: size, size, offset };
        self.out.write_all(&part.local_header())?;
        self.out.write_all(bytes)?;
        self.parts.push(part);
        Ok(())
    }

    /// Begins the last part.
    pub(super) fn last(mut self, name: &'static str) -> io::Result<LastPart<W>> {
        let offset = fitting(self.out.count)?;
        let part = Part { name, method: DEFLATED, flags: SIZES_BEHIND, sum: 0, packed_size: 0, size: 0, offset };
        self.out.write_all(&part.local_header())?;
        let begin = self.out.count;
        // The quickest that packs at all: an answer waits for it.
        let packed = DeflateEncoder::new(self.out, Compression::fast());
        Ok(LastPart { packed, sum: Crc::new(), size: 0, begin, part, parts: self.parts })
    }
}

impl<W: Write> LastPart<W> {
    /// Writes the next bytes of the part.
    ///
    /// # Errors
    /// As writing to the output; [`io::ErrorKind::FileTooLarge`] for more than 4 GiB.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        fitting(self.size)?;
        self.sum.update(bytes);
        self.packed.write_all(bytes)
    }

    /// Ends the part and the archive; gives back where it was written.
    pub(super) fn finish(self) -> io::Result<W> {
        let Self { packed, sum, size, begin, mut part, mut parts } = self;
        let mut out = packed.finish()?;
        part.sum = sum.sum();
        part.packed_size = fitting(out.count - begin)?;
        part.size = fitting(size)?;
        let mut end = b"PK\x07\x08".to_vec();
        for number in [part.sum, part.packed_size, part.size] {
            end.extend(number.to_le_bytes());
        }
        parts.push(part);
        let directory = fitting(out.count + end.len() as u64)?;
        let before = end.len();
        parts.iter().for_each(|part| part.push_entry(&mut end));
        let directory_size = fitting((end.len() - before) as u64)?;
        end.extend(b"PK\x05\x06\0\0\0\0");
        for number in [parts.len() as u16; 2] {
            end.extend(number.to_le_bytes());
        }
        for number in [directory_size, directory] {
            end.extend(number.to_le_bytes());
        }
        end.extend(0_u16.to_le_bytes());
        out.write_all(&end)?;
        Ok(out.out)
    }
}

/// A size or place as the archive has it.
fn fitting(number: u64) -> io::Result<u32> {
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "a workbook holds 4 GiB at most");
    u32::try_from(number).map_err(|_| too_large())
}

/// What counts the bytes it passes on.
struct Counted<W: Write> {
    out: W,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.count += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_size_can_tell_is_refused() {
        let mut last = Archive::new(io::sink()).last("a").unwrap();
        last.size = u64::from(u32::MAX) - 1;
        last.write(b"x").unwrap();
        assert_eq!(last.write(b"x").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
