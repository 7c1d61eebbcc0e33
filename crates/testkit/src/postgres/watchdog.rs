//! What ends a server when the process that started it is gone, however it went.
//!
//! A shell waits at the end of a pipe whose other end this process holds. The pipe closes when this process closes it or
//! ends, be it by SIGKILL; the shell then stops the server and removes its folder. It has a process group of its own, so
//! that a signal to the test's group does not reach it first.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use super::owner::Owner;

/// `$1` is pg_ctl, `$2` the server's folder. The pipe may close while the server starts, hence the second try.
const SCRIPT: &str = r#"trap '' HUP INT TERM
cat >/dev/null
"$1" -D "$2/data" -m immediate -w stop || { sleep 1; "$1" -D "$2/data" -m immediate -w stop; }
rm -rf "$2""#;

/// The other end of the pipe.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Watches over a server in `folder`; to be called before it is started.
    pub(super) fn set(owner: Owner, pg_ctl: &Path, folder: &Path) -> Self {
        let mut command = owner.command("/bin/sh");
        command.args(["-c", SCRIPT, "watchdog"]).arg(pg_ctl).arg(folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { shell: command.spawn().expect("a shell") }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Gone already: then there is nothing to wait for.
        let _ = self.shell.wait();
    }
}
