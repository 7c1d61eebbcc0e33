//! The server is killed (SIGKILL) at random points, again and again, and must come out of it as if nothing had happened:
//! no row lost, none doubled, no counter ever lower than it was, and results equal byte for byte to those of a run that
//! nobody disturbed.
//!
//! `jobs` kills while jobs run, `dry_runs` while they only look and while what they said is done, `undos` while they are taken back, `large` while large records are, `cancels` around the
//! cancelling of jobs and the retries of what they left, `uploads` while a large body arrives, `inline` around small imports.
//! Each prints the seed it draws from; `REFRACT_CRASH_SEED` sets it, `REFRACT_CRASH_KILLS` raises the number of kills (60
//! without it).
// It prints its seed, and draws it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod cancels;
mod dry_runs;
mod inline;
mod jobs;
mod large;
mod seed;
mod state;
mod state_of;
mod undisturbed;
mod undone;
mod undos;
mod uploads;
mod watch;
