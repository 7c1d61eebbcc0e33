//! A stream that tells when bytes arrive, gives up on a peer that takes none, and withholds the parser's bare answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::activity::{Activity, Stage};
use super::refusal::bare_answer;

/// A stream with a limit on how long a write may stand still, on which no bare answer goes out.
pub(super) struct TimedIo<S> {
    inner: S,
    activity: Arc<Activity>,
    write_timeout: Duration,
    /// Runs while a write stands still. Kept on the heap so that the stream can be moved.
    write_timer: Option<Pin<Box<Sleep>>>,
    withheld: Option<Vec<u8>>,
}

impl<S> TimedIo<S> {
    pub(super) fn new(inner: S, activity: Arc<Activity>, write_timeout: Duration) -> Self {
        Self { inner, activity, write_timeout, write_timer: None, withheld: None }
    }

    /// The parser's bare answer that was withheld, for the caller to send a better one.
    pub(super) fn take_withheld(&mut self) -> Option<Vec<u8>> {
        self.withheld.take()
    }

    /// Where the parser's bare answer begins in what is to be written. It gives none while a request is answered.
    fn bare_answer_at(&self, bytes: &[u8]) -> Option<usize> {
        if self.activity.stage() == Stage::Busy { None } else { bare_answer(bytes) }
    }

    /// Takes a bare answer for written.
    fn withhold(&mut self, bare: &[u8]) -> Poll<io::Result<usize>> {
        self.withheld = Some(bare.to_vec());
        Poll::Ready(Ok(bare.len()))
    }

    /// Lets a write through that made progress or failed; else waits, within the limit.
    fn within_limit<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.write_timer = None;
            return polled;
        }
        let limit = self.write_timeout;
        let timer = self.write_timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled_before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if buffer.filled().len() > filled_before {
            self.activity.bytes_arrived();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = match self.bare_answer_at(bytes) {
            Some(0) => return self.withhold(bytes),
            Some(at) => bytes.get(..at).unwrap_or(bytes),
            None => bytes,
        };
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.within_limit(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if slices.iter().any(|slice| self.bare_answer_at(slice).is_some()) {
            // One slice after the other, to stop before the answer.
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |slice| &**slice));
        }
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.within_limit(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Passed through: a socket is always flushed, which says nothing about the peer.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up_and_a_slow_one_is_not() {
        let (here, mut there) = duplex(8);
        let mut io = TimedIo::new(here, Activity::new(), Duration::from_secs(30));
        let reader = tokio::spawn(async move {
            let mut byte = [0; 1];
            for _ in 0..4 {
                sleep(Duration::from_secs(25)).await;
                there.read_exact(&mut byte).await.expect("a byte");
            }
            sleep(Duration::from_secs(1_000)).await;
        });
        let begun = Instant::now();
        let error = io.write_all(&[0; 64]).await.expect_err("the peer stops reading");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 4 * 25 + 30);
        reader.abort();
    }
}
