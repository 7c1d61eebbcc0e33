//! `refract read-workbook`: the child process in which a server has workbooks of strangers read.
//!
//! Owns nothing but the way there. The process limits itself, so this starts no runtime and reads no configuration.

use std::ffi::OsString;
use std::io;

use crate::exit::{Exit, Failure};

/// Writes the rows of the workbook to stdout, and says whether all of it was read.
pub(super) fn run(arguments: &[OsString]) -> Result<Exit, Failure> {
    match refract_workbook::run_child(arguments, io::stdout().lock()) {
        Ok(true) => Ok(Exit::Success),
        Ok(false) => Ok(Exit::Failure),
        Err(failure) => Err(Failure::other(format!("stdout cannot be written: {failure}"))),
    }
}
