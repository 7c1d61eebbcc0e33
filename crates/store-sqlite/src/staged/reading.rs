//! A staged file while its job reads it.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use refract_domain::import::row::RawChunk;
use refract_store::StoreError;

use super::frame::{FrameBuffers, FrameHeader, HEADER_BYTES};
use crate::error::{Failure, Outcome};

/// How much of the rows a caller wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// The first row.
    pub(crate) from_row: u32,
    /// At most this many rows.
    pub(crate) rows_max: usize,
    /// No further row once this many bytes are there.
    pub(crate) bytes_max: usize,
}

/// A job's file with the places of its frames, and the frame that was read last.
#[derive(Debug)]
pub(super) struct StagedFile {
    file: File,
    frames: Vec<FramePlace>,
    /// Which of the frames lies decoded in the buffers: chunks rarely end where frames do.
    decoded: Option<usize>,
    buffers: FrameBuffers,
}

#[derive(Debug)]
struct FramePlace {
    /// Where the block begins.
    offset: u64,
    header: FrameHeader,
}

impl StagedFile {
    /// Opens a file and finds its frames. It must hold exactly `total` rows.
    pub(super) fn open(path: &Path, total: u32) -> Outcome<Self> {
        let mut file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure(StoreError::StagedRowsLost(format!("{} is gone", path.display()))),
            _ => Failure::from(error),
        })?;
        let frames = find_frames(&mut file, total)?;
        Ok(Self { file, frames, decoded: None, buffers: FrameBuffers::default() })
    }

    /// Reads rows, over as many frames as it takes.
    pub(super) fn read(&mut self, extent: Extent) -> Outcome<RawChunk> {
        let mut chunk = RawChunk::starting_at(extent.from_row);
        let rows_max = extent.rows_max.max(1);
        let mut frame = self.frames.partition_point(|frame| frame.header.end_row() <= extent.from_row);
        self.reserve(&mut chunk, frame, rows_max, extent.bytes_max);
        while frame < self.frames.len() && chunk.len() < rows_max {
            if !chunk.is_empty() && chunk.bytes.len() >= extent.bytes_max {
                break;
            }
            self.decode(frame)?;
            self.copy_rows(frame, &mut chunk, rows_max, extent.bytes_max)?;
            frame += 1;
        }
        Ok(chunk)
    }

    /// Makes room once: a buffer that grows is a buffer copied.
    fn reserve(&self, chunk: &mut RawChunk, from_frame: usize, rows_max: usize, bytes_max: usize) {
        let mut rows = 0;
        let mut bytes = 0;
        for frame in self.frames.get(from_frame..).unwrap_or_default() {
            if rows >= rows_max || bytes >= bytes_max {
                break;
            }
            rows += frame.header.rows as usize;
            bytes += frame.header.raw_bytes as usize;
        }
        chunk.ends.reserve(rows.min(rows_max));
        chunk.bytes.reserve(bytes);
    }

    fn decode(&mut self, frame: usize) -> Outcome<()> {
        if self.decoded == Some(frame) {
            return Ok(());
        }
        let Some(place) = self.frames.get(frame) else { return Ok(()) };
        self.decoded = None;
        self.file.seek(SeekFrom::Start(place.offset))?;
        self.file.read_exact(self.buffers.block_place(&place.header)).map_err(cut_short)?;
        self.buffers.decode(&place.header)?;
        self.decoded = Some(frame);
        Ok(())
    }

    fn copy_rows(&self, frame: usize, chunk: &mut RawChunk, rows_max: usize, bytes_max: usize) -> Outcome<()> {
        let Some(place) = self.frames.get(frame) else { return Ok(()) };
        let rows = self.buffers.rows(&place.header);
        let skipped = chunk.end_row().saturating_sub(place.header.first_row) as usize;
        for row in skipped..rows.len() {
            if chunk.len() >= rows_max || (!chunk.is_empty() && chunk.bytes.len() >= bytes_max) {
                break;
            }
            let bytes = rows.row(row).ok_or_else(|| Failure::corrupt("staged rows: ends out of order"))?;
            chunk.push(bytes);
        }
        Ok(())
    }
}

impl FrameHeader {
    fn end_row(&self) -> u32 {
        self.first_row.saturating_add(self.rows)
    }
}

fn find_frames(file: &mut File, total: u32) -> Outcome<Vec<FramePlace>> {
    let file_bytes = file.metadata()?.len();
    let mut frames = Vec::new();
    let mut offset = 0;
    let mut next_row = 0;
    while offset < file_bytes {
        let mut header = [0; HEADER_BYTES];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut header).map_err(cut_short)?;
        let header = FrameHeader::parse(&header)?;
        if header.first_row != next_row {
            let text = format!("staged rows: row {} where {next_row} must follow", header.first_row);
            return Err(Failure::corrupt(text));
        }
        let block = offset + u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX);
        offset = block + u64::from(header.compressed_bytes);
        if offset > file_bytes {
            return Err(Failure::corrupt(format!("staged rows: the file ends inside row {next_row} and on")));
        }
        next_row = header.end_row();
        frames.push(FramePlace { offset: block, header });
    }
    if next_row != total {
        return Err(Failure::corrupt(format!("staged rows: {next_row} rows where {total} were admitted")));
    }
    Ok(frames)
}

fn cut_short(error: std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::UnexpectedEof => Failure::corrupt("staged rows: the file is cut short"),
        _ => error.into(),
    }
}
