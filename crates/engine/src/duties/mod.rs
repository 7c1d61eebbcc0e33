//! Chores that run beside the use cases. Each takes no input and may run twice, on any node.

mod purge;

use std::sync::Arc;

use tokio::sync::watch;

use crate::Engine;

/// Runs the chores until `stopped` turns true.
pub(crate) async fn run(engine: Arc<Engine>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = engine.clock.learn(&engine.store).await {
            tracing::debug!(%error, "the store did not say what time it has");
        }
        purge::purge(&engine, &stopped).await;
        tokio::select! {
            () = tokio::time::sleep(engine.settings.purge_every) => {}
            _ = stopped.changed() => {}
        }
    }
}
