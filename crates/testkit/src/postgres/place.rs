//! On what a server's folder lies.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a server keeps its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In memory where there is plenty of it, otherwise like [`Place::Disk`]. `fsync` stays on, and costs nothing.
    Fastest,
    /// In the system's folder for temporary files: for measurements, where `fsync` must cost what it costs.
    Disk,
}

/// A folder that lies in memory.
const MEMORY: &str = "/dev/shm";
/// Containers often give the folder 64 MiB; a run of all tests fills some hundred.
const MEMORY_KIB_MIN: u64 = 4 << 20;

impl Place {
    pub(super) fn folder(self) -> PathBuf {
        match self {
            Self::Fastest if free_kib(Path::new(MEMORY)).is_some_and(|free| free >= MEMORY_KIB_MIN) => MEMORY.into(),
            Self::Fastest | Self::Disk => std::env::temp_dir(),
        }
    }
}

fn free_kib(folder: &Path) -> Option<u64> {
    let output = Command::new("df").args(["-Pk"]).arg(folder).output().ok()?;
    free_of_report(&String::from_utf8_lossy(&output.stdout))
}

/// The fourth column of the second line: what POSIX says `df -P` prints.
fn free_of_report(report: &str) -> Option<u64> {
    report.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_the_report() {
        let report = "Filesystem 1024-blocks Used Available Capacity Mounted on\ntmpfs 65536 1024 64512 2% /dev/shm\n";
        assert_eq!(free_of_report(report), Some(64_512));
        assert_eq!(free_of_report("df: /dev/shm: No such file or directory"), None);
        assert!(free_kib(&std::env::temp_dir()).is_some());
    }
}
