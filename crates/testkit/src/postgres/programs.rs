//! Where the server's programs lie.

use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian and its kin keep the programs of each version.
const VERSIONS_FOLDER: &str = "/usr/lib/postgresql";

/// The folder with `initdb`, `pg_ctl` and `postgres` of the newest version that is installed.
pub(crate) fn folder() -> PathBuf {
    newest(Path::new(VERSIONS_FOLDER)).unwrap_or_else(|| {
        panic!(
            "PostgreSQL is not installed: no {VERSIONS_FOLDER}/*/bin/initdb. Install the Debian package `postgresql` \
             (`cargo xtask test` does), or name a running server in {}",
            super::SERVER_VARIABLE
        )
    })
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?.filter_map(Result::ok);
    let numbered = entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let usable = numbered.map(|(version, path)| (version, path.join("bin"))).filter(|(_, bin)| is_whole(bin));
    usable.max_by_key(|(version, _)| *version).map(|(_, bin)| bin)
}

/// A version whose server was removed leaves its client programs behind.
fn is_whole(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| bin.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_whole_version_is_taken_by_number() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(newest(root.path()), None);
        for (version, programs) in [("9", 3), ("15", 3), ("17", 1), ("common", 3)] {
            let bin = root.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in ["pg_ctl", "initdb", "postgres"].iter().take(programs) {
                fs::write(bin.join(program), "").unwrap();
            }
        }
        assert_eq!(newest(root.path()), Some(root.path().join("15/bin")));
    }
}
