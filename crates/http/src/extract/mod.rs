//! Taking a request in: everything between the bytes of a request and the call into the engine.
//!
//! Owns how a body is decoded and cut into rows. Must not know what a row means: rows leave here as raw bytes and are
//! judged later, in one place, the same for every path.

pub mod decode;
#[doc(hidden)]
pub mod fuzz;
pub mod splitter;
