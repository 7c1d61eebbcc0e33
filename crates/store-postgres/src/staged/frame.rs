//! One piece of staged rows: where each row ends (u32, little-endian), then the rows' bytes, as one lz4 block.

use lz4_flex::block::{compress, decompress_into};
use refract_domain::import::row::RawChunk;

use crate::error::{Failure, Outcome};

/// A piece as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Index of the first row.
    pub(crate) first_row: u32,
    /// How many rows; never 0.
    pub(crate) rows: u32,
    /// Bytes of the block before compression.
    pub(crate) raw_bytes: usize,
    /// CRC-32 of the block.
    pub(crate) checksum: u32,
    /// The lz4 block.
    pub(crate) block: Vec<u8>,
}

/// The piece of a chunk that has rows.
pub(crate) fn encode(chunk: &RawChunk) -> Piece {
    let mut raw = Vec::with_capacity(chunk.ends.len() * 4 + chunk.bytes.len());
    for end in &chunk.ends {
        raw.extend_from_slice(&end.to_le_bytes());
    }
    raw.extend_from_slice(&chunk.bytes);
    encode_raw(chunk.first_row, u32::try_from(chunk.len()).unwrap_or(u32::MAX), &raw)
}

/// The piece of `rows` rows whose ends and bytes these are.
pub(crate) fn encode_raw(first_row: u32, rows: u32, raw: &[u8]) -> Piece {
    let block = compress(raw);
    Piece { first_row, rows, raw_bytes: raw.len(), checksum: crc32fast::hash(&block), block }
}

/// Where each row of the piece ends, and then the rows' bytes.
pub(crate) fn decode_raw(piece: &Piece) -> Outcome<Vec<u8>> {
    let corrupt = |what: &str| Failure::corrupt(format!("staged rows: {what} at row {}", piece.first_row));
    if crc32fast::hash(&piece.block) != piece.checksum {
        return Err(corrupt("wrong checksum"));
    }
    let mut raw = vec![0; piece.raw_bytes];
    let raw_bytes = decompress_into(&piece.block, &mut raw).map_err(|_| corrupt("cannot be decompressed"))?;
    if raw_bytes != raw.len() || piece.rows as usize * 4 > raw.len() {
        return Err(corrupt("a wrong length"));
    }
    Ok(raw)
}

/// Appends the piece's rows from `chunk.end_row()` on, until there are `rows_max` rows or `bytes_max` bytes.
pub(crate) fn decode(piece: &Piece, chunk: &mut RawChunk, rows_max: usize, bytes_max: usize) -> Outcome<()> {
    let corrupt = |what: &str| Failure::corrupt(format!("staged rows: {what} at row {}", piece.first_row));
    let raw = decode_raw(piece)?;
    let Some((ends, bytes)) = raw.split_at_checked(piece.rows as usize * 4) else {
        return Err(corrupt("a wrong length"));
    };
    let ends: Vec<usize> = ends.chunks_exact(4).map(|end| word(end) as usize).collect();
    let skipped = chunk.end_row().checked_sub(piece.first_row).ok_or_else(|| corrupt("a gap"))? as usize;
    for row in skipped..ends.len() {
        if chunk.len() >= rows_max || (!chunk.is_empty() && chunk.bytes.len() >= bytes_max) {
            break;
        }
        let start = if row == 0 { 0 } else { ends[row - 1] };
        chunk.push(bytes.get(start..ends[row]).ok_or_else(|| corrupt("ends out of order"))?);
    }
    Ok(())
}

fn word(bytes: &[u8]) -> u32 {
    bytes.try_into().map(u32::from_le_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk() -> RawChunk {
        let mut chunk = RawChunk::starting_at(9);
        for row in [&b"{\"a\":1}"[..], b"", b"null", b"{\"a\":1}"] {
            chunk.push(row);
        }
        chunk
    }

    fn decoded(piece: &Piece, from_row: u32, rows_max: usize) -> Outcome<RawChunk> {
        let mut read = RawChunk::starting_at(from_row);
        decode(piece, &mut read, rows_max, usize::MAX).map(|()| read)
    }

    #[test]
    fn a_piece_comes_back_as_it_was() {
        let piece = encode(&chunk());
        assert_eq!((piece.first_row, piece.rows), (9, 4));
        assert_eq!(decoded(&piece, 9, 10).expect("rows"), chunk());
        assert_eq!(decoded(&piece, 11, 1).expect("rows").rows().collect::<Vec<_>>(), [b"null"]);
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let piece = encode(&chunk());
        for bit in 0..piece.block.len() * 8 {
            let mut flipped = piece.clone();
            flipped.block[bit / 8] ^= 1 << (bit % 8);
            assert!(decoded(&flipped, 9, 10).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_gap_is_corrupt() {
        assert!(decoded(&encode(&chunk()), 8, 10).is_err());
    }
}
