//! Notes on the row that is being judged: a small file per job, overwritten in place.
//!
//! A note has to outlive the process, not a power cut, and is made for row after row: a write to a file that is never
//! synced is just that. Owns the directory. Must not know what a claim makes of a note.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use refract_domain::ids::JobId;

use crate::error::Outcome;
use crate::sync::lock;

/// Attempt, row, and a checksum of both.
const NOTE_BYTES: usize = 12;

/// Stands for no row.
const NO_ROW: u32 = u32::MAX;

/// The notes of one store.
#[derive(Debug)]
pub(crate) struct Notes {
    directory: PathBuf,
    files: Mutex<HashMap<JobId, File>>,
}

impl Notes {
    /// The notes in `directory`, which is made if need be.
    pub(crate) fn open(directory: PathBuf) -> Outcome<Self> {
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, files: Mutex::default() })
    }

    /// Notes the row that this attempt is about to judge, or that it judges none.
    pub(crate) fn write(&self, job_id: JobId, attempt: u32, row: Option<u32>) {
        if let Err(error) = self.try_write(job_id, attempt, row) {
            tracing::warn!(%job_id, %error, "the row being judged could not be noted");
        }
    }

    /// The row that this attempt noted last, if it was judging one.
    pub(crate) fn read(&self, job_id: JobId, attempt: u32) -> Option<u32> {
        let bytes = fs::read(self.path(job_id)).ok()?;
        let (noted_attempt, row) = decode(&bytes)?;
        (noted_attempt == attempt && row != NO_ROW).then_some(row)
    }

    /// Forgets a job's notes; cheap when there are none of this process.
    pub(crate) fn forget(&self, job_id: JobId) {
        if lock(&self.files).remove(&job_id).is_some() {
            self.remove_file(job_id);
        }
    }

    /// Removes what earlier processes noted on jobs that are not `unfinished`.
    pub(crate) fn sweep(&self, unfinished: impl Fn(JobId) -> Outcome<bool>) -> Outcome<()> {
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let Some(job_id) = name.to_str().and_then(JobId::parse) else { continue };
            if !unfinished(job_id)? {
                self.remove_file(job_id);
            }
        }
        Ok(())
    }

    fn try_write(&self, job_id: JobId, attempt: u32, row: Option<u32>) -> io::Result<()> {
        let mut files = lock(&self.files);
        let file = match files.get_mut(&job_id) {
            Some(file) => file,
            // Nothing was noted that would have to be withdrawn.
            None if row.is_none() => return Ok(()),
            None => {
                let file = OpenOptions::new().write(true).create(true).truncate(true).open(self.path(job_id))?;
                files.entry(job_id).or_insert(file)
            }
        };
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&encode(attempt, row.unwrap_or(NO_ROW)))
    }

    fn remove_file(&self, job_id: JobId) {
        if let Err(error) = fs::remove_file(self.path(job_id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%job_id, %error, "a note could not be removed");
        }
    }

    fn path(&self, job_id: JobId) -> PathBuf {
        self.directory.join(job_id.to_string())
    }
}

fn encode(attempt: u32, row: u32) -> [u8; NOTE_BYTES] {
    let mut bytes = [0; NOTE_BYTES];
    bytes[..4].copy_from_slice(&attempt.to_le_bytes());
    bytes[4..8].copy_from_slice(&row.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..8]);
    bytes[8..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut words = bytes.chunks_exact(4).map(|word| word.try_into().map(u32::from_le_bytes).ok());
    let (attempt, row, checksum) = (words.next()??, words.next()??, words.next()??);
    (checksum == crc32fast::hash(bytes.get(..8)?)).then_some((attempt, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_note_of_an_attempt_outlives_the_process() {
        let directory = tempfile::tempdir().expect("a directory");
        let job = JobId::from_bytes([7; 16]);
        let notes = Notes::open(directory.path().to_owned()).expect("notes");
        assert_eq!(notes.read(job, 1), None);
        notes.write(job, 1, None);
        notes.write(job, 1, Some(4));
        notes.write(job, 1, Some(5));
        let next = Notes::open(directory.path().to_owned()).expect("notes");
        assert_eq!((next.read(job, 1), next.read(job, 2)), (Some(5), None));
        notes.write(job, 1, None);
        assert_eq!(next.read(job, 1), None);
        notes.write(job, 1, Some(6));
        next.sweep(|_| Ok(true)).expect("a sweep");
        assert_eq!(next.read(job, 1), Some(6));
        next.sweep(|_| Ok(false)).expect("a sweep");
        assert_eq!(next.read(job, 1), None);
    }

    #[test]
    fn half_a_note_is_none() {
        let note = encode(3, 9);
        assert_eq!(decode(&note), Some((3, 9)));
        assert_eq!(decode(&note[..11]), None);
        assert_eq!(decode(&[&note[..7], &[1], &note[8..]].concat()), None);
    }
}
