//! The pure heart of Refract: what a row, a value, a dedupe key and an outcome are, and every decision about them.
//!
//! Owns all semantics of an import (docs/lifecycle.md follows one through the house). Must not know async, I/O, clocks,
//! random sources, databases, HTTP or JSON shapes with public names; those pass in as values or stay outside.

mod base64url;
pub mod change;
pub mod clock;
pub mod error;
pub mod grants;
pub mod ids;
pub mod import;
pub mod json;
pub mod key;
pub mod limits;
pub mod modelling;
pub mod object_type;
pub mod page_cursor;
pub mod property;
pub mod query;
pub mod record;
pub mod retention;
pub mod value;
pub mod view;
