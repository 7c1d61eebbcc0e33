//! Whoever watches jobs, by events and by long polls: they see how a job gets on, in order and to its end, and are in nobody's
//! way, however slow they are.
//!
//! `order` compares what watchers of one job see, `silent` lets hundreds of them read nothing, `stop` asks the server to end
//! while they watch.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod order;
mod silent;
mod stop;
