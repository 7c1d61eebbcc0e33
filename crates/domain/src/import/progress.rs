//! How fast a job gets on, and when it may end, from what was seen of it lately.
//!
//! An estimate is no promise: it comes with the end there would be at the fastest and at the slowest stretch that was
//! seen, the present one included. Knows no clock; whoever commits says when that was.

use std::collections::VecDeque;

use crate::clock::Timestamp;

/// Commits that come sooner after the one before are one step.
const STEP_MS: i64 = 500;
/// Steps that are kept.
const STEPS_MAX: usize = 24;
/// Steps before the end is estimated: fewer tell nothing of how they differ.
const STEPS_MIN: usize = 3;

/// The last steps of a job that runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    steps: VecDeque<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    at: Timestamp,
    rows: u32,
}

/// How a job gets on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Rows a second, lately.
    pub rows_per_second: f64,
    /// When it ends, and between when and when it may; not before enough has been seen.
    pub end: Option<EstimatedEnd>,
}

/// When a job may end: `earliest ≤ at ≤ latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimatedEnd {
    /// At the rate of late.
    pub at: Timestamp,
    /// Were it as fast as in its fastest stretch.
    pub earliest: Timestamp,
    /// Were it as slow as in its slowest.
    pub latest: Timestamp,
}

impl Progress {
    /// Takes in that so many rows of the job had been carried out at an instant.
    pub fn saw(&mut self, at: Timestamp, rows: u32) {
        let latest = Step { at, rows };
        let before_last = self.steps.len().checked_sub(2).and_then(|place| self.steps.get(place));
        let is_same_step = before_last.is_some_and(|before| at.0.saturating_sub(before.at.0) < STEP_MS);
        if is_same_step {
            self.steps.pop_back();
        }
        self.steps.push_back(latest);
        if self.steps.len() > STEPS_MAX {
            self.steps.pop_front();
        }
    }

    /// How the job gets on, and when it may have come to the end of `total` rows; `None` while nothing is known.
    #[must_use]
    pub fn estimate(&self, total: u32, now: Timestamp) -> Option<Estimate> {
        let (first, last) = (self.steps.front()?, self.steps.back()?);
        // The time since the last commit counts once it is longer than the stretches before: then the job stands still.
        let usual_ms = self.stretches().map(|(ms, _)| ms).fold(0.0, f64::max);
        let waited_ms = between(last.at, now);
        let waited_ms = if waited_ms > usual_ms { waited_ms } else { 0.0 };
        let (ms, rows) = (between(first.at, last.at) + waited_ms, f64::from(last.rows.saturating_sub(first.rows)));
        if ms <= 0.0 || rows <= 0.0 {
            return None;
        }
        let rate = rows / ms;
        let left = f64::from(total.saturating_sub(last.rows));
        let rates = self.stretches().map(|(ms, rows)| rows / ms).filter(|rate| *rate > 0.0);
        let (slowest, fastest) = rates.fold((rate, rate), |(low, high), rate| (low.min(rate), high.max(rate)));
        let end_at = |rate: f64| now.max(last.at.later_by(left / rate));
        let end = (self.steps.len() > STEPS_MIN).then(|| EstimatedEnd {
            at: end_at(rate),
            earliest: end_at(fastest),
            latest: end_at(slowest),
        });
        Some(Estimate { rows_per_second: rate * 1_000.0, end })
    }

    /// Milliseconds and rows of each step.
    fn stretches(&self) -> impl Iterator<Item = (f64, f64)> {
        let pairs = self.steps.iter().zip(self.steps.iter().skip(1));
        pairs
            .map(|(from, to)| (between(from.at, to.at), f64::from(to.rows.saturating_sub(from.rows))))
            .filter(|(ms, _)| *ms > 0.0)
    }
}

/// Milliseconds from one instant to a later one.
#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn between(from: Timestamp, to: Timestamp) -> f64 {
    to.0.saturating_sub(from.0).max(0) as f64
}

impl Timestamp {
    /// This instant moved on by so many milliseconds; what is no number stays.
    #[allow(clippy::cast_possible_truncation, reason = "a cast from a float stops at the ends of the range")]
    fn later_by(self, millis: f64) -> Self {
        Self(self.0.saturating_add(millis.ceil() as i64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(steps: &[(i64, u32)]) -> Progress {
        let mut progress = Progress::default();
        steps.iter().for_each(|(at, rows)| progress.saw(Timestamp(*at), *rows));
        progress
    }

    #[test]
    fn an_even_pace_ends_when_it_must() {
        let progress = seen(&[(0, 0), (1_000, 100), (2_000, 200), (3_000, 300)]);
        let end = EstimatedEnd { at: Timestamp(10_000), earliest: Timestamp(10_000), latest: Timestamp(10_000) };
        let expected = Estimate { rows_per_second: 100.0, end: Some(end) };
        assert_eq!(progress.estimate(1_000, Timestamp(3_000)), Some(expected));
    }

    #[test]
    fn an_uneven_pace_has_a_range() {
        let progress = seen(&[(0, 0), (1_000, 50), (2_000, 250), (3_000, 300)]);
        let end = progress.estimate(1_000, Timestamp(3_000)).and_then(|estimate| estimate.end).expect("an end");
        assert_eq!((end.earliest, end.at, end.latest), (Timestamp(6_500), Timestamp(10_000), Timestamp(17_000)));
    }

    #[test]
    fn a_job_that_stands_still_slows_down() {
        let progress = seen(&[(0, 0), (1_000, 100), (2_000, 200), (3_000, 300)]);
        let estimate = progress.estimate(1_000, Timestamp(33_000)).expect("known");
        assert!((estimate.rows_per_second - 300.0 / 33.0).abs() < 1e-9, "{estimate:?}");
        let end = estimate.end.expect("an end");
        assert!(end.earliest == Timestamp(33_000) && end.latest > Timestamp(70_000), "{end:?}");
    }

    #[test]
    fn nothing_is_said_of_what_was_hardly_seen() {
        assert_eq!(seen(&[]).estimate(10, Timestamp(5)), None);
        assert_eq!(seen(&[(0, 0)]).estimate(10, Timestamp(5)), None);
        assert_eq!(seen(&[(0, 7), (1_000, 7)]).estimate(10, Timestamp(1_000)), None);
        let early = seen(&[(0, 0), (1_000, 5)]).estimate(10, Timestamp(1_000)).expect("a rate");
        assert_eq!(early.end, None);
    }

    proptest! {
        #[test]
        fn the_range_holds_the_estimate_and_the_present(
            steps in proptest::collection::vec((0_i64..5_000, 0_u32..1_000), 0..80), wait in 0_i64..100_000,
            total in 0_u32..200_000,
        ) {
            let (mut at, mut rows, mut progress) = (0, 0, Progress::default());
            for (ms, more) in steps {
                (at, rows) = (at + ms, rows + more);
                progress.saw(Timestamp(at), rows);
            }
            prop_assert!(progress.steps.len() <= STEPS_MAX);
            let now = Timestamp(at + wait);
            if let Some(estimate) = progress.estimate(total, now) {
                prop_assert!(estimate.rows_per_second > 0.0 && estimate.rows_per_second.is_finite());
                if let Some(end) = estimate.end {
                    prop_assert!(now <= end.earliest && end.earliest <= end.at && end.at <= end.latest);
                }
            }
        }
    }
}
