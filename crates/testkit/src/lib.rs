//! Test support for the whole house; a dev-dependency and never part of a release.
//!
//! Owns [`MemoryStore`], the naive reference of the store contract; [`FaultyStore`], which makes any store fail where a
//! test wants it to; [`strategies`] for random imports, and a [`Drawer`] for long runs of them; [`queries`], random records
//! and questions about them; [`differential`], which drives two stores with the same operations and compares every answer;
//! [`laws`], what holds of every import on every store; [`postgres`], a real server for tests, and [`proxy`], which comes
//! between it and its clients; [`apply_rate`], which measures a store. Worlds, rows and clocks come from the conformance
//! suite and are re-exported. Must not know any real backend: those bring themselves to the tests here.

// Tests say by panicking that they cannot go on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod apply_rate;
pub mod differential;
mod drawer;
pub mod faulty;
pub mod laws;
pub mod memory;
pub mod postgres;
pub mod proxy;
pub mod queries;
pub mod strategies;

pub use drawer::Drawer;
pub use faulty::{Fault, FaultyStore, Moment, Verb};
pub use memory::{MemoryHarness, MemoryStore};
pub use refract_store::conformance::fixture::{
    CountingIds, Import, TestClock, Way, World, by, bytes_chunk_of, chunk_of, claim_of, contact, kept, rendering, row,
    updating,
};

/// Runs a test's future to its end on a runtime of its own, for tests that property testing calls.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}
