//! `cargo xtask soak`: the crash test, run for long.
//!
//! Owns nothing but the number of kills; what is killed and checked is the crash test's affair.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::workspace;

#[derive(Args)]
pub(crate) struct SoakArgs {
    /// How often to kill the server in the middle of an import.
    #[arg(long, default_value_t = 1_000)]
    kills: u32,
}

/// Runs the crash test against an optimised build, with its output shown as it goes.
pub(crate) fn run(args: &SoakArgs) -> Result<ExitCode> {
    let mut crash_test =
        workspace::cargo(&["test", "--release", "--package", "refract", "--test", "crash", "--", "--nocapture"]);
    crash_test.env("REFRACT_CRASH_KILLS", args.kills.to_string());
    workspace::run(crash_test)?;
    println!("soak: {} kills survived", args.kills);
    Ok(ExitCode::SUCCESS)
}
