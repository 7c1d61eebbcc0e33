//! Several servers on one PostgreSQL database: whichever is asked, killed, stopped or cut off, they come to what one
//! undisturbed server comes to.
//!
//! `takeover` kills the node that holds a job, `zombies` lets one stand still inside a chunk and wakes it too late,
//! `outages` takes the database away, `clocks` sets clocks wrong, `cuts` cuts connections at a COMMIT, `pool` leaves no
//! connection free, `keys` and `idempotency` race, `fairness` lets a small job meet many large ones, `watching` follows jobs at
//! every node, `cancels` ends them at another. Random tests print the seed they draw from; `scale` says how to ask for more.
// It prints seeds and figures, and draws the former.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

// The kill tests' jobs, states and polls. What is left unused here is used there.
#[allow(dead_code)]
#[path = "../crash/bodies.rs"]
mod bodies;
#[allow(dead_code)]
#[path = "../crash/state.rs"]
mod state;
#[path = "../crash/state_of.rs"]
mod state_of;
#[allow(dead_code)]
#[path = "../races/together.rs"]
mod together;
#[path = "../crash/undisturbed.rs"]
mod undisturbed;
#[allow(dead_code)]
#[path = "../crash/watch.rs"]
mod watch;

mod cancels;
mod clocks;
mod cuts;
mod fairness;
mod idempotency;
mod keys;
mod nodes;
mod outages;
mod pool;
mod scale;
mod takeover;
mod upserts;
mod watching;
mod zombies;
