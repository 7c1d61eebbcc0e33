//! How much is done, and where chance comes from. The environment may ask for more.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

/// How often a node that holds a job is killed, at least: `REFRACT_NODES_KILLS`.
pub(crate) fn kills() -> u32 {
    number("REFRACT_NODES_KILLS").unwrap_or(0).max(60)
}

/// How many nodes stand still inside a chunk: `REFRACT_NODES_ZOMBIES`.
pub(crate) fn zombies() -> u32 {
    number("REFRACT_NODES_ZOMBIES").unwrap_or(0).max(30)
}

/// For how long the database is away: `REFRACT_NODES_AWAY`, in seconds.
pub(crate) fn away() -> Duration {
    Duration::from_secs(u64::from(number("REFRACT_NODES_AWAY").unwrap_or(13)))
}

/// A source of chance, whose seed is printed; `REFRACT_NODES_SEED` draws the same again.
pub(crate) fn chance(test: &str) -> StdRng {
    let seed = number("REFRACT_NODES_SEED").unwrap_or_else(rand::random);
    println!("{test}: REFRACT_NODES_SEED={seed}");
    StdRng::seed_from_u64(u64::from(seed))
}

fn number(variable: &str) -> Option<u32> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not {text:?}")))
}
