//! Takes log lines to stderr: those that only inform in batches, by a thread of its own, and grave ones at once.
//!
//! Owns the order of the lines and when they are out. A request's line costs a copy, not a system call behind the lock of
//! stderr. No line waits longer than [`GATHERED_FOR`], and [`LogLines::write_out`] is called before the process ends; only a
//! process that is killed loses the lines of that time. Must not know what a line says.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines gather before they are written together.
const GATHERED_FOR: Duration = Duration::from_millis(5);

/// Bytes that may wait; whoever goes beyond writes them out, and waits for stderr like everybody who comes then.
const WAITING_BYTES_MAX: usize = 256 << 10;

/// The lines on their way to `W`.
pub(crate) struct LogLines<W> {
    waiting: Mutex<Vec<u8>>,
    arrived: Condvar,
    out: Mutex<Out<W>>,
}

struct Out<W> {
    to: W,
    /// Emptied by every write; changes places with what waits, so that neither is allocated anew.
    batch: Vec<u8>,
}

impl<W: Write + Send + 'static> LogLines<W> {
    /// Starts the thread that writes.
    pub(crate) fn start(to: W) -> io::Result<&'static Self> {
        // For the whole life of the process, as the subscriber is.
        let lines: &'static Self = Box::leak(Box::new(Self::new(to)));
        thread::Builder::new().name("log-lines".into()).spawn(|| {
            loop {
                lines.wait_for_one();
                thread::sleep(GATHERED_FOR);
                lines.write_out();
            }
        })?;
        Ok(lines)
    }

    fn new(to: W) -> Self {
        let out = Mutex::new(Out { to, batch: Vec::new() });
        Self { waiting: Mutex::default(), arrived: Condvar::new(), out }
    }

    fn wait_for_one(&self) {
        let waiting = lock(&self.waiting);
        drop(self.arrived.wait_while(waiting, |waiting| waiting.is_empty()));
    }

    fn take(&self, line: &[u8], at_once: bool) {
        let mut waiting = lock(&self.waiting);
        let is_first = waiting.is_empty();
        waiting.extend_from_slice(line);
        let is_too_much = waiting.len() > WAITING_BYTES_MAX;
        drop(waiting);
        if at_once || is_too_much {
            self.write_out();
        } else if is_first {
            self.arrived.notify_one();
        }
    }

    /// Writes what waits, in the order in which it came.
    pub(crate) fn write_out(&self) {
        let mut guard = lock(&self.out);
        let out = &mut *guard;
        std::mem::swap(&mut out.batch, &mut *lock(&self.waiting));
        // Whom could one tell that the log cannot be written?
        let _ = out.to.write_all(&out.batch);
        out.batch.clear();
    }
}

/// A panic between two lines leaves whole lines behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one event is written to, whole.
pub(crate) struct Line<'a, W> {
    lines: &'a LogLines<W>,
    at_once: bool,
}

impl<W: Write + Send + 'static> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.take(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, W: Write + Send + 'static> MakeWriter<'a> for &'static LogLines<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Line<'a, W> {
        Line { lines: self, at_once: true }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a, W> {
        Line { lines: self, at_once: *event.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    struct Sent(Sender<String>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The test may have seen enough.
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sent() -> (Sent, Receiver<String>) {
        let (sender, receiver) = channel();
        (Sent(sender), receiver)
    }

    #[test]
    fn lines_gather_until_they_are_written_out_or_a_grave_one_comes() {
        let (to, written) = sent();
        let lines = LogLines::new(to);
        lines.take(b"one\n", false);
        lines.take(b"two\n", false);
        assert!(written.try_recv().is_err());
        lines.take(b"grave\n", true);
        assert_eq!(written.try_recv().expect("a batch"), "one\ntwo\ngrave\n");
        lines.take(b"last\n", false);
        lines.write_out();
        assert_eq!(written.try_recv().expect("a batch"), "last\n");
    }

    #[test]
    fn too_much_does_not_wait() {
        let (to, written) = sent();
        let lines = LogLines::new(to);
        lines.take(&vec![b'x'; WAITING_BYTES_MAX], false);
        assert!(written.try_recv().is_err());
        lines.take(b"y", false);
        assert_eq!(written.try_recv().expect("a batch").len(), WAITING_BYTES_MAX + 1);
    }

    #[test]
    fn what_nobody_writes_out_goes_out_by_itself_and_nothing_is_lost_or_out_of_order() {
        let (to, written) = sent();
        let lines = LogLines::start(to).expect("a thread");
        let wanted: String = (0..1_000).map(|number| format!("line {number}\n")).collect();
        for (number, line) in wanted.split_inclusive('\n').enumerate() {
            lines.take(line.as_bytes(), number % 100 == 99);
            if number % 250 == 0 {
                thread::sleep(2 * GATHERED_FOR);
            }
        }
        let mut got = String::new();
        while got.len() < wanted.len() {
            got += &written.recv_timeout(Duration::from_secs(60)).expect("more is written");
        }
        assert_eq!(got, wanted);
    }
}
