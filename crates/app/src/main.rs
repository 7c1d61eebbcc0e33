//! The binary `refract`: see the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    refract_app::run()
}
