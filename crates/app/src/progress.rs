//! Progress on stderr: a bar on a terminal, a plain line now and then otherwise, nothing when asked.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;

const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_BYTES: &str = "{prefix:10} {bar:20} {bytes} of {total_bytes}, {bytes_per_sec}";
const BAR_BYTES_OPEN: &str = "{prefix:10} {spinner} {bytes}, {bytes_per_sec}";
const BAR_ROWS: &str = "{prefix:10} {bar:20} {human_pos} of {human_len} rows, {eta} to go";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Rows,
}

/// Where somebody may be watching. Clones show the same progress.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Shown>);

enum Shown {
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
    Nothing,
}

struct Lines {
    phase: &'static str,
    unit: Unit,
    total: Option<u64>,
    done: u64,
    said_at: Instant,
}

impl Progress {
    /// A bar on a terminal, lines elsewhere, nothing when `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        let shown = if quiet {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            Shown::Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()))
        } else {
            Shown::Lines(Mutex::new(Lines {
                phase: "starting",
                unit: Unit::Bytes,
                total: None,
                done: 0,
                said_at: Instant::now(),
            }))
        };
        Self(Arc::new(shown))
    }

    /// Nothing at all.
    #[cfg(test)]
    pub(crate) fn quiet() -> Self {
        Self(Arc::new(Shown::Nothing))
    }

    /// From here on bytes are sent.
    pub(crate) fn sending(&self, bytes: Option<u64>) {
        self.phase("sending", Unit::Bytes, bytes);
    }

    /// From here on rows are processed.
    pub(crate) fn processing(&self, rows: u64) {
        self.phase("processing", Unit::Rows, Some(rows));
    }

    /// From here on rows of a store are copied.
    pub(crate) fn copying(&self, rows: u64) {
        self.phase("copying", Unit::Rows, Some(rows));
    }

    /// From here on what was copied is compared with its source.
    pub(crate) fn comparing(&self, rows: u64) {
        self.phase("comparing", Unit::Rows, Some(rows));
    }

    fn phase(&self, phase: &'static str, unit: Unit, total: Option<u64>) {
        match &*self.0 {
            Shown::Bar(bar) => {
                bar.set_style(style(unit, total));
                bar.set_prefix(phase);
                match total {
                    Some(total) => bar.set_length(total),
                    None => bar.unset_length(),
                }
                bar.reset();
            }
            Shown::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                *lines = Lines { phase, unit, total, done: 0, said_at: Instant::now() };
                let total = total.map_or_else(String::new, |total| format!(" {}", amount(unit, total)));
                output::note(format!("{phase}{total}"));
            }
            Shown::Nothing => {}
        }
    }

    /// So many more are done.
    pub(crate) fn advance(&self, more: u64) {
        match &*self.0 {
            Shown::Bar(bar) => bar.inc(more),
            Shown::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                let done = lines.done + more;
                lines.say(done);
            }
            Shown::Nothing => {}
        }
    }

    /// So many are done.
    pub(crate) fn set(&self, done: u64) {
        match &*self.0 {
            Shown::Bar(bar) => bar.set_position(done),
            Shown::Lines(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).say(done),
            Shown::Nothing => {}
        }
    }

    /// Something happened beside the progress.
    pub(crate) fn note(&self, text: &str) {
        match &*self.0 {
            Shown::Bar(bar) => bar.suspend(|| output::note(text)),
            Shown::Lines(_) => output::note(text),
            Shown::Nothing => {}
        }
    }

    /// The end: the bar goes away.
    pub(crate) fn finish(&self) {
        if let Shown::Bar(bar) = &*self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Lines {
    fn say(&mut self, done: u64) {
        self.done = done;
        if self.said_at.elapsed() < LINE_EVERY {
            return;
        }
        self.said_at = Instant::now();
        let of = self.total.map_or_else(String::new, |total| format!(" of {}", amount(self.unit, total)));
        output::note(format!("{}: {}{of}", self.phase, amount(self.unit, done)));
    }
}

fn style(unit: Unit, total: Option<u64>) -> ProgressStyle {
    let template = match (unit, total) {
        (Unit::Bytes, Some(_)) => BAR_BYTES,
        (Unit::Bytes, None) => BAR_BYTES_OPEN,
        (Unit::Rows, _) => BAR_ROWS,
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn amount(unit: Unit, number: u64) -> String {
    match unit {
        Unit::Bytes => indicatif::BinaryBytes(number).to_string(),
        Unit::Rows => format!("{} rows", output::grouped(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_of_a_bar_is_sound() {
        for template in [BAR_BYTES, BAR_BYTES_OPEN, BAR_ROWS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn amounts_carry_their_unit() {
        assert_eq!(amount(Unit::Rows, 23_971), "23,971 rows");
        assert_eq!(amount(Unit::Bytes, 2 << 20), "2.00 MiB");
    }
}
