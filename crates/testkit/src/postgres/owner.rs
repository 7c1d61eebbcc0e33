//! As whom a server runs: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The user that Debian's package makes.
const USER: &str = "postgres";

/// The user that owns a server's folder and processes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    /// Whoever runs the test.
    Myself,
    /// Somebody with fewer rights, because root runs the test.
    Other {
        /// The user's number.
        user: u32,
        /// The number of the user's group.
        group: u32,
    },
}

impl Owner {
    /// The owner of a server, given a folder that this process has just made.
    pub(super) fn for_folder(folder: &Path) -> Self {
        let is_root = fs::metadata(folder).expect("a folder just made").uid() == 0;
        if !is_root {
            return Self::Myself;
        }
        let users = fs::read_to_string("/etc/passwd").expect("the list of users");
        numbers_of(&users, USER).unwrap_or_else(|| {
            panic!("PostgreSQL does not run as root, and there is no user `{USER}`: install the package `postgresql`")
        })
    }

    /// Hands a folder over.
    pub(super) fn give(self, folder: &Path) {
        if let Self::Other { user, group } = self {
            chown(folder, Some(user), Some(group)).expect("root may give a folder away");
        }
    }

    /// A command that runs as this user, without the rights of any other group.
    pub(super) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
        // Where the test is run may be closed to this user.
        command.current_dir("/");
        command
    }
}

fn numbers_of(users: &str, name: &str) -> Option<Owner> {
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields.into_iter().find(|fields| fields.first() == Some(&name))?;
    Some(Owner::Other { user: found.get(2)?.parse().ok()?, group: found.get(3)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/sh\n";
        assert!(matches!(numbers_of(users, "postgres"), Some(Owner::Other { user: 101, group: 104 })));
        assert!(numbers_of(users, "nobody").is_none());
    }
}
