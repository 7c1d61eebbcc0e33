//! The accept loop: connections in, connections out, and the orderly end.
//!
//! Owns how many connections there are and what becomes of them when the server is told to stop. What happens on one is
//! in [`connection`].

mod activity;
mod connection;
mod refusal;
mod timed_io;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use refract_engine::Engine;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::settings::HttpSettings;
use crate::state::Api;

/// How long the loop waits after the system refused it a connection, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long connections that are cut may take to be gone.
const CUT_WAIT: Duration = Duration::from_millis(500);

/// What all connections are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Go on.
    Serving,
    /// Finish the request in hand, then close.
    Draining,
    /// Close now.
    Cut,
}

/// Serves the API on `listener` until `shutdown` says `true`: then no connection is accepted any more, idle ones are
/// closed, and requests under way get [`HttpSettings::drain_for`] before they are cut.
///
/// # Errors
/// None at present: a connection that cannot be accepted is logged and the loop goes on.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    settings: HttpSettings,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let connections_max = settings.connections_max.clamp(1, Semaphore::MAX_PERMITS);
    let slots = Arc::new(Semaphore::new(connections_max));
    let phase = watch::Sender::new(Phase::Serving);
    let api = Api::new(Arc::clone(&engine), settings);
    let router = crate::router_of(&api);
    let shared = Arc::new(connection::Shared { router, api, make_room: Notify::new() });
    let accepting = async {
        loop {
            // The slot first: a connection that nobody can serve stays in the system's queue.
            let slot = free_slot(&slots, &shared.make_room).await;
            let (stream, peer) = accept(&listener).await;
            let connection = connection::run(stream, peer.ip(), Arc::clone(&shared), phase.subscribe());
            tokio::spawn(async move {
                connection.await;
                drop(slot);
            });
        }
    };
    tokio::select! {
        biased;
        () = told_to_stop(&mut shutdown) => {}
        () = accepting => {}
    }
    drop(listener);
    engine.stop_accepting();
    // Without receivers there is nobody to tell.
    let _ = phase.send(Phase::Draining);
    let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
    if timeout(shared.api.settings.drain_for, slots.acquire_many(all)).await.is_err() {
        let open = connections_max - slots.available_permits();
        tracing::warn!(open, "connections are cut that did not end in time");
        let _ = phase.send(Phase::Cut);
        let _ = timeout(CUT_WAIT, slots.acquire_many(all)).await;
    }
    Ok(())
}

async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    // When the sender is gone nobody can tell any more, which means the same.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// A slot for one more connection. When all are taken, one that waits for its next request makes room.
async fn free_slot(slots: &Arc<Semaphore>, make_room: &Notify) -> Option<tokio::sync::OwnedSemaphorePermit> {
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        return Some(slot);
    }
    make_room.notify_one();
    // The semaphore is never closed.
    Arc::clone(slots).acquire_owned().await.ok()
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted)
}
