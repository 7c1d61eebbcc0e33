//! Draws from strategies one value after the other, all of them from one seed: for long runs that are no property of a
//! single case, and therefore have nothing to shrink.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A source of drawn values.
#[derive(Debug)]
pub struct Drawer(TestRunner);

impl Drawer {
    /// Draws the same values for the same seed, on every machine.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let generator = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self(TestRunner::new_with_rng(Config::default(), generator))
    }

    /// The next value of a strategy.
    pub fn draw<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        strategy.new_tree(&mut self.0).expect("a strategy without filters").current()
    }

    /// A number from 0 to `end`, which is left out.
    pub fn below(&mut self, end: usize) -> usize {
        self.draw(&(0..end))
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    /// One of these.
    pub fn one_of<'t, T>(&mut self, these: &'t [T]) -> &'t T {
        &these[self.below(these.len())]
    }
}
