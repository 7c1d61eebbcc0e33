//! Keeps two processes from sharing a data directory: the writer's order, the staged rows and the leases all rest on
//! there being one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process;

use refract_store::StoreError;

use crate::error::Outcome;

/// The lock, held for as long as this value lives. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Locks `directory`, or says which process has it.
    pub(crate) fn acquire(directory: &Path) -> Outcome<Self> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(directory.join("lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(directory, &mut file).into()),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", process::id())?;
        Ok(Self { _file: file })
    }
}

fn in_use(directory: &Path, file: &mut File) -> StoreError {
    let mut holder = String::new();
    let holder = match file.read_to_string(&mut holder) {
        Ok(_) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
        _ => "another process".to_owned(),
    };
    StoreError::Unavailable(format!("the data directory {} is in use by {holder}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_naming_the_holder_until_the_first_is_gone() {
        let directory = tempfile::tempdir().expect("a directory");
        let first = DirectoryLock::acquire(directory.path()).expect("the lock");
        let refusal = DirectoryLock::acquire(directory.path()).expect_err("a refusal").0.to_string();
        assert!(refusal.contains(&format!("process {}", process::id())), "{refusal}");
        drop(first);
        DirectoryLock::acquire(directory.path()).expect("the lock again");
    }
}
