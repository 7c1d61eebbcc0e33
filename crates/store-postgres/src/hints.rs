//! Hints that there is work: `LISTEN` on a connection of its own.
//!
//! A hint may be missed and may come for nothing; whoever waits for one polls as well. Must not know what the work is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::connect::Connector;
use crate::error::Outcome;

const LISTEN: &str = include_str!("sql/hints_listen.sql");

/// How long after a failure the connection is tried again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// How often the connection is asked whether it still lives.
const CHECK_EVERY: Duration = Duration::from_secs(30);

/// The listener.
#[derive(Debug)]
pub(crate) struct Hints {
    arrived: Arc<Notify>,
    listener: Option<AbortHandle>,
}

impl Hints {
    /// Listens from now on, or never.
    pub(crate) fn start(connector: Connector, listen: bool) -> Self {
        let arrived = Arc::new(Notify::new());
        let heard = Arc::clone(&arrived);
        let listener = listen.then(|| tokio::spawn(listen_for_ever(connector, heard)).abort_handle());
        Self { arrived, listener }
    }

    /// Waits for the next hint; one that came since the last wait counts.
    pub(crate) async fn next(&self) {
        self.arrived.notified().await;
    }

    /// Listens no longer.
    pub(crate) fn stop(&self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

async fn listen_for_ever(connector: Connector, heard: Arc<Notify>) {
    loop {
        let ended = listen_once(&connector, &heard).await;
        if let Err(failure) = ended {
            tracing::debug!(error = %failure.error, "no hints: work is found by looking");
        }
        tokio::time::sleep(RECONNECT_AFTER).await;
    }
}

async fn listen_once(connector: &Connector, heard: &Arc<Notify>) -> Outcome<()> {
    let notified = Arc::clone(heard);
    let connection = connector.connect(move || notified.notify_one()).await?;
    connection.client.batch_execute(LISTEN).await?;
    // Whatever was said before this connection listened was missed.
    heard.notify_one();
    while !connection.client.is_closed() {
        tokio::time::sleep(CHECK_EVERY).await;
        connection.client.check_connection().await?;
    }
    Ok(())
}
