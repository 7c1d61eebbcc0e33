//! How many rows the next chunk takes: as many as memory and a generous time budget allow when nobody waits for the store,
//! as few as fit a tight one while somebody does. Pure; the runner tells it what it saw.

use std::time::Duration;

/// Rows of the first chunk, before any speed is known.
const FIRST_ROWS: usize = 10_000;

/// The smallest chunk: below this the commit itself is most of the work.
const ROWS_MIN: usize = 500;

/// Chunks for which the tight budget holds after somebody was seen waiting: about two seconds' worth.
const WARY_CHUNKS: u32 = 40;

/// The adaptive size of chunks.
#[derive(Debug, Clone)]
pub(crate) struct ChunkSize {
    rows_max: usize,
    alone: Duration,
    while_waited_for: Duration,
    rows_per_second: Option<f64>,
    wary_chunks: u32,
    waited_before: u64,
}

impl ChunkSize {
    pub(crate) fn new(rows_max: usize, alone: Duration, while_waited_for: Duration) -> Self {
        Self {
            rows_max: rows_max.max(1),
            alone,
            while_waited_for,
            rows_per_second: None,
            wary_chunks: 0,
            waited_before: 0,
        }
    }

    /// Rows of the next chunk.
    pub(crate) fn rows(&self) -> usize {
        let Some(speed) = self.rows_per_second else { return FIRST_ROWS.min(self.rows_max) };
        let budget = if self.wary_chunks == 0 { self.alone } else { self.while_waited_for };
        // A chunk of this size keeps the store busy for the budget; saturating casts are what is wanted here.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let in_budget = (speed * budget.as_secs_f64()) as usize;
        in_budget.clamp(ROWS_MIN.min(self.rows_max), self.rows_max)
    }

    /// Takes in that a chunk of `rows` took `took`, and how often small writes have waited since the start.
    pub(crate) fn saw(&mut self, rows: usize, took: Duration, small_writes_waited: u64) {
        let seconds = took.as_secs_f64();
        if rows > 0 && seconds > 0.0 {
            #[allow(clippy::cast_precision_loss)]
            let speed = rows as f64 / seconds;
            self.rows_per_second = Some(self.rows_per_second.map_or(speed, |known| known * 0.5 + speed * 0.5));
        }
        self.wary_chunks =
            if small_writes_waited > self.waited_before { WARY_CHUNKS } else { self.wary_chunks.saturating_sub(1) };
        self.waited_before = small_writes_waited;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size() -> ChunkSize {
        ChunkSize::new(50_000, Duration::from_millis(400), Duration::from_millis(50))
    }

    #[test]
    fn alone_a_chunk_is_as_large_as_it_may_be() {
        let mut size = size();
        assert_eq!(size.rows(), 10_000);
        size.saw(10_000, Duration::from_millis(30), 0);
        assert_eq!(size.rows(), 50_000);
    }

    #[test]
    fn while_somebody_waits_a_chunk_fits_the_budget_and_grows_back_later() {
        let mut size = size();
        size.saw(50_000, Duration::from_millis(250), 1);
        assert_eq!(size.rows(), 10_000);
        for _ in 0..WARY_CHUNKS {
            size.saw(10_000, Duration::from_millis(50), 1);
        }
        assert_eq!(size.rows(), 50_000);
    }

    #[test]
    fn alone_on_a_slow_store_a_chunk_fits_the_generous_budget() {
        let mut size = size();
        size.saw(10_000, Duration::from_secs(1), 0);
        assert_eq!(size.rows(), 4_000);
    }

    #[test]
    fn however_slow_the_store_is_a_chunk_has_some_rows() {
        let mut size = size();
        size.saw(10, Duration::from_secs(9), 7);
        assert_eq!(size.rows(), 500);
    }
}
