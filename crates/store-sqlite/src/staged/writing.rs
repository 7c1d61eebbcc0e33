//! A staged file while an upload fills it.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use refract_domain::import::row::RawChunk;

use super::frame::FrameBuffers;
use crate::error::{Failure, Outcome};

/// An upload's file. It is made with the first chunk, so that an empty upload leaves nothing behind.
#[derive(Debug)]
pub(super) struct UploadFile {
    path: PathBuf,
    file: Option<File>,
    /// Where the last whole frame ends.
    end: u64,
    rows: u32,
    buffers: FrameBuffers,
}

impl UploadFile {
    /// An upload that will write to `path`.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, end: 0, rows: 0, buffers: FrameBuffers::default() }
    }

    /// Rows written so far.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Appends a chunk. When that fails, as on a full disk, the file is as it was before.
    pub(super) fn append(&mut self, chunk: &RawChunk) -> Outcome<()> {
        if chunk.first_row != self.rows {
            let text = format!("a chunk from row {} after {} rows", chunk.first_row, self.rows);
            return Err(Failure::internal(text));
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let frame = self.buffers.encode(chunk)?;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(OpenOptions::new().write(true).create_new(true).open(&self.path)?),
        };
        if let Err(error) = file.write_all(frame) {
            // Half a frame must not stay in front of the next one. Should this fail too, the next write will not end at
            // a frame's end, and `admit` would find out by the length.
            file.set_len(self.end).and_then(|()| file.seek(SeekFrom::Start(self.end))).ok();
            return Err(error.into());
        }
        self.end += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        self.rows = chunk.end_row();
        Ok(())
    }

    /// Makes everything written durable. The directory entry is the caller's.
    pub(super) fn sync(&mut self) -> Outcome<()> {
        let Some(file) = &self.file else { return Ok(()) };
        file.sync_data()?;
        let length = file.metadata()?.len();
        if length != self.end {
            return Err(Failure::corrupt(format!("staged rows: {length} bytes in a file of {}", self.end)));
        }
        Ok(())
    }
}
