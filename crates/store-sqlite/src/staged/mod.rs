//! Staged rows: an append-only file per upload beside the database.
//!
//! Owns the directory, the uploads being written and the files being read. Must not know jobs: who claims a file is
//! asked of the database by the verbs. All calls block; the verbs make them where blocking is allowed.

mod frame;
mod reading;
#[cfg(test)]
mod tests;
mod writing;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use refract_domain::import::row::RawChunk;
use uuid::Uuid;

use crate::error::{Failure, Outcome};
use crate::sync::lock;
pub(crate) use reading::Extent;
use reading::StagedFile;
use writing::UploadFile;

/// What the names of staged files end in.
const EXTENSION: &str = "rows";

/// The staged rows of one store.
#[derive(Debug)]
pub(crate) struct StagedRows {
    directory: PathBuf,
    /// Uploads that this process is writing: nobody sweeps them.
    uploads: Mutex<HashMap<Uuid, Arc<Mutex<UploadFile>>>>,
    /// Files of running jobs.
    files: Mutex<HashMap<Uuid, Arc<Mutex<StagedFile>>>>,
    /// Files that are about to be removed.
    doomed: Mutex<HashSet<Uuid>>,
    next_upload: Mutex<Uuid>,
}

impl StagedRows {
    /// The staged rows in `directory`, which is made if need be. Uploads are named from `first_upload` upwards, a
    /// random value.
    pub(crate) fn open(directory: PathBuf, first_upload: Uuid) -> Outcome<Self> {
        fs::create_dir_all(&directory)?;
        // Rows are durable only if the way to them is.
        if let Some(parent) = directory.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self {
            directory,
            uploads: Mutex::default(),
            files: Mutex::default(),
            doomed: Mutex::default(),
            next_upload: Mutex::new(first_upload),
        })
    }

    /// Opens an upload.
    pub(crate) fn begin(&self) -> Uuid {
        let mut next_upload = lock(&self.next_upload);
        let upload = *next_upload;
        *next_upload = Uuid::from_u128(upload.as_u128().wrapping_add(1));
        lock(&self.uploads).insert(upload, Arc::new(Mutex::new(UploadFile::new(self.path(upload)))));
        upload
    }

    /// Appends a chunk to an upload.
    pub(crate) fn append(&self, upload: Uuid, chunk: &RawChunk) -> Outcome<()> {
        let file = self.upload(upload)?;
        let mut file = lock(&file);
        file.append(chunk)
    }

    /// Makes an upload's rows durable, and says how many there are.
    pub(crate) fn sync(&self, upload: Uuid) -> Outcome<u32> {
        let file = self.upload(upload)?;
        let mut file = lock(&file);
        if file.rows() > 0 {
            file.sync()?;
            File::open(&self.directory)?.sync_all()?;
        }
        Ok(file.rows())
    }

    /// Leaves an upload's file to the job that now claims it.
    pub(crate) fn settle(&self, upload: Uuid) {
        lock(&self.uploads).remove(&upload);
    }

    /// Says that [`Self::remove`] will follow: nobody else need sweep the file.
    pub(crate) fn doom(&self, upload: Uuid) {
        lock(&self.doomed).insert(upload);
    }

    /// Removes an upload or a job's file; a file that is gone is fine. What cannot be removed is left to the sweeper.
    pub(crate) fn remove(&self, upload: Uuid) {
        lock(&self.uploads).remove(&upload);
        self.forget(upload);
        match fs::remove_file(self.path(upload)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%upload, %error, "staged rows could not be removed"),
        }
        lock(&self.doomed).remove(&upload);
    }

    /// Closes a job's file, as when a worker gives the job back.
    pub(crate) fn forget(&self, upload: Uuid) {
        lock(&self.files).remove(&upload);
    }

    /// Reads rows of a file that holds `total` of them.
    pub(crate) fn read(&self, upload: Uuid, total: u32, extent: Extent) -> Outcome<RawChunk> {
        let file = self.file(upload, total)?;
        let mut file = lock(&file);
        file.read(extent)
    }

    /// The same of a job that has ended. Nobody says when the last reader has gone, so the file is not left open.
    pub(crate) fn read_kept(&self, upload: Uuid, total: u32, extent: Extent) -> Outcome<RawChunk> {
        StagedFile::open(&self.path(upload), total)?.read(extent)
    }

    /// Files that no upload of this process is writing and nobody is about to remove. Those that no job claims are of
    /// no use; ask for the claims after this, since an upload leaves the uploads only when its job is in the database.
    pub(crate) fn unwatched(&self) -> Outcome<Vec<Uuid>> {
        // Noted before looking, for a file may go, and its doom be forgotten, while the folder is read.
        let doomed = lock(&self.doomed).clone();
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            if let Some(upload) = upload_of(&entry?.path()) {
                found.push(upload);
            }
        }
        let uploads = lock(&self.uploads);
        found.retain(|upload| !uploads.contains_key(upload) && !doomed.contains(upload));
        Ok(found)
    }

    fn path(&self, upload: Uuid) -> PathBuf {
        self.directory.join(format!("{upload}.{EXTENSION}"))
    }

    fn upload(&self, upload: Uuid) -> Outcome<Arc<Mutex<UploadFile>>> {
        let found = lock(&self.uploads).get(&upload).cloned();
        found.ok_or_else(|| Failure::internal(format!("upload {upload} is not open")))
    }

    fn file(&self, upload: Uuid, total: u32) -> Outcome<Arc<Mutex<StagedFile>>> {
        if let Some(file) = lock(&self.files).get(&upload) {
            return Ok(Arc::clone(file));
        }
        let opened = Arc::new(Mutex::new(StagedFile::open(&self.path(upload), total)?));
        Ok(Arc::clone(lock(&self.files).entry(upload).or_insert(opened)))
    }
}

fn upload_of(path: &Path) -> Option<Uuid> {
    if path.extension()? != EXTENSION {
        return None;
    }
    Uuid::try_parse(path.file_stem()?.to_str()?).ok()
}
