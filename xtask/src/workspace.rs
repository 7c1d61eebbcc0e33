//! Where the workspace lies and how its own cargo is called.
//!
//! Knows nothing of what the commands do.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let manifest_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_folder.parent().unwrap_or(manifest_folder).to_owned()
}

/// The folder cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Where a built program lies; `profile` is `debug` or `release`.
pub(crate) fn program(profile: &str, name: &str) -> PathBuf {
    target().join(profile).join(name)
}

/// A cargo command in the workspace's root that never waits for input.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a command to its end; anything but success is an error naming it.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("`{}` could not be started", shown(&command)))?;
    ensure!(status.success(), "`{}` ended with {status}", shown(&command));
    Ok(())
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words: Vec<_> = std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// Builds the server with optimisations and returns where it lies.
pub(crate) fn build_release_server() -> Result<PathBuf> {
    run(cargo(&["build", "--release", "--package", "refract"]))?;
    Ok(program("release", "refract"))
}

/// Runs this very command again in an optimised build, when this one is not. A yardstick must not be handicapped: cargo
/// would otherwise build SQLite for debugging too. Returns None when there is nothing to do.
pub(crate) fn rerun_optimised() -> Result<Option<ExitCode>> {
    if !cfg!(debug_assertions) {
        return Ok(None);
    }
    let mut optimised = cargo(&["run", "--release", "--quiet", "--package", "xtask", "--"]);
    let status = optimised.args(std::env::args_os().skip(1)).status()?;
    Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_named_as_one_would_type_it() {
        let mut failing = Command::new("/bin/sh");
        failing.args(["-c", "exit 3"]);
        assert_eq!(run(failing).unwrap_err().to_string(), "`sh -c exit 3` ended with exit status: 3");
        assert!(run(Command::new("/nowhere/at-all")).unwrap_err().to_string().starts_with("`at-all` could not"));
    }

    #[test]
    fn the_root_is_where_the_lock_file_lies() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
