//! Taking a request in: everything between the bytes of a request and the call into the engine.
//!
//! Owns who asks, what the path names, how a body is decoded and cut into rows. Must not know what a row means: rows
//! leave here as raw bytes and are judged later, in one place, the same for every path.

pub(crate) mod admission;
pub(crate) mod body;
pub mod decode;
pub(crate) mod file_body;
pub(crate) mod file_rows;
#[doc(hidden)]
pub mod fuzz;
pub(crate) mod headers;
pub(crate) mod idempotency;
pub(crate) mod import_body;
pub(crate) mod import_file;
pub(crate) mod media;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod samples;
pub mod splitter;
