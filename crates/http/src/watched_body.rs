//! A body that tells what passes through it, and changes nothing of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// What is told of a body. It is dropped with the body: when that was read or sent whole, or given up.
pub(crate) trait Watch: Send + Unpin + 'static {
    /// So many bytes more have passed; `is_end` when nothing follows them. May be told of the end more than once.
    fn passed(&mut self, bytes: usize, is_end: bool);
}

/// A body and who is told of it.
pub(crate) struct WatchedBody<W> {
    inner: Body,
    watch: W,
}

impl<W: Watch> WatchedBody<W> {
    /// Tells of the end at once when there is nothing in the body.
    pub(crate) fn new(inner: Body, mut watch: W) -> Self {
        if http_body::Body::is_end_stream(&inner) {
            watch.passed(0, true);
        }
        Self { inner, watch }
    }
}

impl<W: Watch> http_body::Body for WatchedBody<W> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.watch.passed(bytes, this.inner.is_end_stream());
            }
            Poll::Ready(None) => this.watch.passed(0, true),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use futures_util::stream;
    use http_body_util::BodyExt;

    use super::*;

    impl Watch for Sender<(usize, bool)> {
        fn passed(&mut self, bytes: usize, is_end: bool) {
            self.send((bytes, is_end)).expect("somebody listens");
        }
    }

    #[tokio::test]
    async fn every_byte_and_the_end_are_told_and_nothing_is_changed() {
        let pieces = ["one", "", "three"].map(Ok::<_, std::io::Error>);
        for (body, text, told) in [
            (Body::empty(), "", vec![(0, true)]),
            (Body::from("whole"), "whole", vec![(5, true)]),
            (Body::from_stream(stream::iter(pieces)), "onethree", vec![(3, false), (0, false), (5, false), (0, true)]),
        ] {
            let (sender, receiver) = channel();
            let watched = WatchedBody::new(body, sender);
            assert_eq!(watched.collect().await.expect("a body").to_bytes(), text);
            let mut seen: Vec<_> = receiver.into_iter().collect();
            // The end may be told again.
            seen.dedup_by(|again, before| *again == (0, true) && before.1);
            assert_eq!(seen, told);
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_has_no_end() {
        let pieces = [Ok("one"), Err(std::io::Error::other("gone"))];
        let (sender, receiver) = channel();
        let watched = WatchedBody::new(Body::from_stream(stream::iter(pieces)), sender);
        assert!(watched.collect().await.is_err());
        assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [(3, false)]);
    }
}
