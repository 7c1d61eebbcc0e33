//! One client's connection and its way to the server: two threads that pass messages on.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::frames::{Frame, Frames};
use super::transaction::Transaction;
use super::{CommitCut, Shared, Upstream};

/// What a server answers to a request for encryption that it does not grant.
const NO_ENCRYPTION: &[u8] = b"N";

/// A connection to a server, whichever way.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Both ends of a client's way through the proxy.
#[derive(Debug)]
pub(super) struct Pair {
    client: Socket,
    server: Socket,
    /// Whether the answer to the COMMIT under way is not to reach the client.
    swallows_commit: AtomicBool,
}

impl Pair {
    pub(super) fn join(client: TcpStream, upstream: &Upstream) -> io::Result<Arc<Self>> {
        client.set_nodelay(true)?;
        let server = upstream.connect()?;
        Ok(Arc::new(Self { client: Socket::Tcp(client), server, swallows_commit: AtomicBool::new(false) }))
    }

    /// Ends both connections at once.
    pub(super) fn cut(&self) {
        for socket in [&self.client, &self.server] {
            // One that is closed already is cut.
            let _ = match socket {
                Socket::Tcp(socket) => socket.shutdown(Shutdown::Both),
                Socket::Unix(socket) => socket.shutdown(Shutdown::Both),
            };
        }
    }
}

/// Starts the two threads; each ends, and ends the other, when a connection does.
pub(super) fn start(pair: Arc<Pair>, shared: &Arc<Shared>) {
    let (there, back) = ((Arc::clone(&pair), Arc::clone(shared)), (pair, Arc::clone(shared)));
    thread::spawn(move || {
        // Whatever broke, there is nobody to tell but the two ends.
        let _ = pass_to_server(&there.0, &there.1);
        there.0.cut();
    });
    thread::spawn(move || {
        let _ = pass_to_client(&back.0, &back.1);
        back.0.cut();
    });
}

fn pass_to_server(pair: &Pair, shared: &Shared) -> io::Result<()> {
    let (mut frames, mut transaction) = (Frames::of_client(), Transaction::default());
    each_frame(&pair.client, &mut frames, |frame| {
        if frame.asks_for_encryption() {
            return (&pair.client).write_all(NO_ENCRYPTION).map(|()| true);
        }
        if transaction.takes_commit(&frame) {
            match shared.take_cut(|words| transaction.has_sent(words)) {
                Some(CommitCut::BeforeServer) => {
                    pair.cut();
                    shared.count_cut();
                    return Ok(false);
                }
                // Set before the server can answer.
                Some(CommitCut::BeforeAnswer) => pair.swallows_commit.store(true, Ordering::SeqCst),
                None => {}
            }
            transaction.end();
        }
        (&pair.server).write_all(&frame.bytes).map(|()| true)
    })
}

fn pass_to_client(pair: &Pair, shared: &Shared) -> io::Result<()> {
    each_frame(&pair.server, &mut Frames::of_server(), |frame| {
        if pair.swallows_commit.load(Ordering::SeqCst) && is_committed(&frame) {
            pair.cut();
            shared.count_cut();
            return Ok(false);
        }
        (&pair.client).write_all(&frame.bytes).map(|()| true)
    })
}

/// The server says so after the commit is durable.
fn is_committed(frame: &Frame) -> bool {
    frame.letter == Some(b'C') && frame.texts().next() == Some("COMMIT")
}

/// Reads messages and hands them on until one says false or the connection ends.
fn each_frame(
    mut from: &Socket,
    frames: &mut Frames,
    mut take: impl FnMut(Frame) -> io::Result<bool>,
) -> io::Result<()> {
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        frames.push(piece.get(..read).unwrap_or_default());
        while let Some(frame) = frames.next() {
            if !take(frame)? {
                return Ok(());
            }
        }
    }
}

impl Read for &Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => (&mut &*socket).read(into),
            Socket::Unix(socket) => (&mut &*socket).read(into),
        }
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => (&mut &*socket).write(bytes),
            Socket::Unix(socket) => (&mut &*socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
