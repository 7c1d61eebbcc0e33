//! A file that is there once it is whole: what was under its name before stays until then.
//!
//! A download may be refused, or break off, and the file of that name may be the one somebody is correcting.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::exit::Failure;

/// Permissions of a new file before the mask of the process.
#[cfg(unix)]
const MODE: u32 = 0o666;

/// A file that is being written.
pub(super) struct FileToBe {
    path: PathBuf,
    out: BufWriter<Out>,
}

enum Out {
    /// Beside the file it will become.
    Beside(NamedTempFile),
    /// What cannot be replaced: a pipe, a device, a link to nothing yet, a file in a folder that takes no other.
    Straight(File),
}

impl FileToBe {
    /// Begins the file that will be called `path`.
    ///
    /// # Errors
    /// The place cannot be written to.
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        let begun = Self::begin(path);
        begun.map_err(|failure| Failure::usage(format!("{}: {failure}", path.display())))
    }

    fn begin(path: &Path) -> io::Result<Self> {
        // A link goes on pointing to the file.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let before = fs::metadata(&path).ok();
        let is_file = before.as_ref().map_or(fs::symlink_metadata(&path).is_err(), Metadata::is_file);
        let out = if is_file { Out::of_file(&path, before.as_ref())? } else { Out::Straight(File::create(&path)?) };
        Ok(Self { path, out: BufWriter::new(out) })
    }

    /// Gives the file its name: it is whole.
    ///
    /// # Errors
    /// The last bytes cannot be written, or the name cannot be given.
    pub(super) fn keep(self) -> Result<(), Failure> {
        let Self { path, out } = self;
        let kept = out.into_inner().map_err(io::Error::from).and_then(|out| match out {
            Out::Beside(beside) => {
                beside.as_file().sync_all()?;
                // Where a file of its own is mounted there, it cannot be replaced; what it holds can.
                beside.persist(&path).map(drop).or_else(|failure| fs::copy(failure.file.path(), &path).map(drop))
            }
            Out::Straight(mut file) => file.flush(),
        });
        kept.map_err(|failure| Failure::other(format!("{}: {failure}", path.display())))
    }
}

impl Out {
    /// For a file of this name; `before` is what is known of the one that is there.
    fn of_file(path: &Path, before: Option<&Metadata>) -> io::Result<Self> {
        if before.is_some() {
            // A file that may not be written to may not be replaced either.
            OpenOptions::new().write(true).open(path)?;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = Builder::new();
        builder.prefix(".refract-");
        #[cfg(unix)]
        let all = std::os::unix::fs::PermissionsExt::from_mode(MODE);
        #[cfg(unix)]
        builder.permissions(all);
        match (builder.tempfile_in(folder), before) {
            (Ok(beside), Some(before)) => {
                beside.as_file().set_permissions(before.permissions())?;
                Ok(Self::Beside(beside))
            }
            (Ok(beside), None) => Ok(Self::Beside(beside)),
            (Err(_), Some(_)) => Ok(Self::Straight(File::create(path)?)),
            (Err(failure), None) => Err(failure),
        }
    }
}

impl Write for FileToBe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file) => file.write(bytes),
            Self::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file) => file.flush(),
            Self::Straight(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_the_file_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("failed.csv");
        fs::write(&path, "corrected by hand").unwrap();
        let mut broken = FileToBe::at(&path).unwrap();
        broken.write_all(b"half a").unwrap();
        drop(broken);
        assert_eq!(fs::read_to_string(&path).unwrap(), "corrected by hand");
        let mut whole = FileToBe::at(&path).unwrap();
        whole.write_all(b"all of it").unwrap();
        whole.keep().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "all of it");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(FileToBe::at(&folder.path().join("nowhere/failed.csv")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay_as_they_were() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("failed.csv"), folder.path().join("link.csv"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut file = FileToBe::at(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.keep().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let (ahead, target) = (folder.path().join("ahead.csv"), folder.path().join("target.csv"));
        std::os::unix::fs::symlink(&target, &ahead).unwrap();
        let mut through = FileToBe::at(&ahead).unwrap();
        through.write_all(b"there").unwrap();
        through.keep().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "there");
        let mut straight = FileToBe::at(Path::new("/dev/null")).unwrap();
        straight.write_all(b"gone").unwrap();
        straight.keep().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
