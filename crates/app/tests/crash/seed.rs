//! Where the tests' chance comes from, and how much of it there is.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Kills of running jobs unless the environment asks for more.
const KILLS: u32 = 60;

/// How often running jobs are killed, at least.
pub(crate) fn kills() -> u32 {
    number("REFRACT_CRASH_KILLS").map_or(KILLS, |wanted| u32::try_from(wanted).expect("a number of kills")).max(KILLS)
}

/// Whether more kills were asked for than are made without being asked.
pub(crate) fn is_soak() -> bool {
    kills() > KILLS
}

/// A source of chance, whose seed is printed.
pub(crate) fn chance(test: &str) -> StdRng {
    let seed = number("REFRACT_CRASH_SEED").unwrap_or_else(rand::random);
    println!("{test}: seed {seed} (REFRACT_CRASH_SEED={seed} draws the same again)");
    StdRng::seed_from_u64(seed)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not {text:?}")))
}
