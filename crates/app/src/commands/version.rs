//! `refract version`.

use crate::exit::Exit;
use crate::output;

/// Prints name and version, as `--version` does.
pub(super) fn run() -> Exit {
    output::line(format_args!("refract {}", env!("CARGO_PKG_VERSION")));
    Exit::Success
}
