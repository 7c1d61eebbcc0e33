//! One frame of a staged file: a header and an lz4 block of consecutive rows.
//!
//! ```text
//! magic | first row | rows | raw length | compressed length | crc32 of all that and the block | block
//! ```
//! All numbers are u32, little-endian. The block holds where each row ends (u32 each) and then the rows' bytes.

use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};
use refract_domain::import::row::RawChunk;

use crate::error::{Failure, Outcome};

/// Bytes before the block.
pub(super) const HEADER_BYTES: usize = 24;

/// Bytes of the header that the checksum covers: all but itself.
const SUMMED_BYTES: usize = HEADER_BYTES - 4;

/// "RFR1" in the file.
const MAGIC: u32 = u32::from_le_bytes(*b"RFR1");

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Index of the first row.
    pub(super) first_row: u32,
    /// How many rows; never 0.
    pub(super) rows: u32,
    /// Bytes of the block as it was before compression.
    pub(super) raw_bytes: u32,
    /// Bytes of the block.
    pub(super) compressed_bytes: u32,
    checksum: u32,
}

impl FrameHeader {
    /// Reads a header; the checksum is tested with the block.
    pub(super) fn parse(bytes: &[u8; HEADER_BYTES]) -> Outcome<Self> {
        let mut words = bytes.chunks_exact(4).map(word);
        let mut next = || words.next().unwrap_or_default();
        if next() != MAGIC {
            return Err(Failure::corrupt("staged rows: a frame does not begin as one"));
        }
        let header =
            Self { first_row: next(), rows: next(), raw_bytes: next(), compressed_bytes: next(), checksum: next() };
        if header.rows == 0 {
            return Err(Failure::corrupt("staged rows: a frame without rows"));
        }
        Ok(header)
    }

    fn summed(&self) -> [u8; SUMMED_BYTES] {
        let mut bytes = [0; SUMMED_BYTES];
        let words = [MAGIC, self.first_row, self.rows, self.raw_bytes, self.compressed_bytes];
        for (place, value) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    fn checksum_of(&self, block: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.summed());
        hasher.update(block);
        hasher.finalize()
    }
}

/// Buffers that are filled again and again: memory touched for the first time is what costs.
#[derive(Debug, Default)]
pub(super) struct FrameBuffers {
    raw: Vec<u8>,
    frame: Vec<u8>,
}

/// A decoded frame, borrowed from its buffers.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameRows<'a> {
    ends: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> FrameRows<'a> {
    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.ends.len() / 4
    }

    /// The bytes of the row at `place`; `None` when the frame is not what it must be.
    pub(super) fn row(&self, place: usize) -> Option<&'a [u8]> {
        let end_of = |place: usize| Some(word(self.ends.get(place * 4..place * 4 + 4)?) as usize);
        let start = if place == 0 { 0 } else { end_of(place - 1)? };
        self.bytes.get(start..end_of(place)?)
    }
}

impl FrameBuffers {
    /// The frame of a chunk, header and block.
    pub(super) fn encode(&mut self, chunk: &RawChunk) -> Outcome<&[u8]> {
        self.raw.clear();
        self.raw.reserve(chunk.ends.len() * 4 + chunk.bytes.len());
        for end in &chunk.ends {
            self.raw.extend_from_slice(&end.to_le_bytes());
        }
        self.raw.extend_from_slice(&chunk.bytes);
        let frame_bytes_max = HEADER_BYTES + get_maximum_output_size(self.raw.len());
        if self.frame.len() < frame_bytes_max {
            self.frame.resize(frame_bytes_max, 0);
        }
        let (header_place, block_place) = self.frame.split_at_mut(HEADER_BYTES);
        let compressed = compress_into(&self.raw, block_place)
            .map_err(|error| Failure::internal(format!("staged rows cannot be compressed: {error}")))?;
        let mut header = FrameHeader {
            first_row: chunk.first_row,
            rows: length(chunk.len())?,
            raw_bytes: length(self.raw.len())?,
            compressed_bytes: length(compressed)?,
            checksum: 0,
        };
        header.checksum = header.checksum_of(block_place.get(..compressed).unwrap_or_default());
        header_place[..SUMMED_BYTES].copy_from_slice(&header.summed());
        header_place[SUMMED_BYTES..].copy_from_slice(&header.checksum.to_le_bytes());
        Ok(self.frame.get(..HEADER_BYTES + compressed).unwrap_or_default())
    }

    /// Room for a block of this size, to be read into; then call [`Self::decode`].
    pub(super) fn block_place(&mut self, header: &FrameHeader) -> &mut [u8] {
        let block_bytes = header.compressed_bytes as usize;
        if self.frame.len() < block_bytes {
            self.frame.resize(block_bytes, 0);
        }
        self.frame.get_mut(..block_bytes).unwrap_or_default()
    }

    /// Tests the checksum of the block that was read and decompresses it.
    pub(super) fn decode(&mut self, header: &FrameHeader) -> Outcome<()> {
        let block = self.frame.get(..header.compressed_bytes as usize).unwrap_or_default();
        if header.checksum_of(block) != header.checksum {
            return Err(Failure::corrupt(format!("staged rows: wrong checksum at row {}", header.first_row)));
        }
        self.raw.resize(header.raw_bytes as usize, 0);
        let raw_bytes = decompress_into(block, &mut self.raw)
            .map_err(|error| Failure::corrupt(format!("staged rows cannot be decompressed: {error}")))?;
        if raw_bytes != self.raw.len() || raw_bytes < header.rows as usize * 4 {
            return Err(Failure::corrupt(format!("staged rows: a wrong length at row {}", header.first_row)));
        }
        Ok(())
    }

    /// The rows that [`Self::decode`] left.
    pub(super) fn rows(&self, header: &FrameHeader) -> FrameRows<'_> {
        let (ends, bytes) = self.raw.split_at_checked(header.rows as usize * 4).unwrap_or_default();
        FrameRows { ends, bytes }
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.try_into().map(u32::from_le_bytes).unwrap_or_default()
}

fn length(value: usize) -> Outcome<u32> {
    u32::try_from(value).map_err(|_| Failure::internal("a chunk of 4 GiB or more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let mut chunk = RawChunk::starting_at(9);
        for row in [&b"{\"a\":1}"[..], b"", b"null", b"{\"a\":1}"] {
            chunk.push(row);
        }
        let mut buffers = FrameBuffers::default();
        let frame = buffers.encode(&chunk).expect("a frame").to_vec();
        let header = FrameHeader::parse(frame[..HEADER_BYTES].try_into().expect("a header")).expect("a header");
        assert_eq!((header.first_row, header.rows), (9, 4));
        let mut reading = FrameBuffers::default();
        reading.block_place(&header).copy_from_slice(&frame[HEADER_BYTES..]);
        reading.decode(&header).expect("a block");
        let rows = reading.rows(&header);
        let read: Vec<_> = (0..rows.len()).map(|place| rows.row(place).expect("a row")).collect();
        assert_eq!(read, chunk.rows().collect::<Vec<_>>());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let mut chunk = RawChunk::starting_at(0);
        chunk.push(b"{\"email\":\"a@x.io\"}");
        let frame = FrameBuffers::default().encode(&chunk).expect("a frame").to_vec();
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(header) = FrameHeader::parse(flipped[..HEADER_BYTES].try_into().expect("a header")) else {
                continue;
            };
            let block = &flipped[HEADER_BYTES..];
            if header.compressed_bytes as usize != block.len() {
                continue;
            }
            let mut reading = FrameBuffers::default();
            reading.block_place(&header).copy_from_slice(block);
            assert!(reading.decode(&header).is_err(), "bit {bit}");
        }
    }
}
