//! Frees what a node holds that stands still in the middle of a chunk: the job's row, and with it the team's schema and
//! the keys that others want.
//!
//! Once the lease is over the chunk can be given up: the job is taken over, and its new owner does the chunk again.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use tokio_postgres::types::Type;

use crate::error::Outcome;
use crate::settings::Clock;
use crate::store::Shared;
use crate::transaction::{Mode, Transaction, transact};

const UNBLOCK: &str = include_str!("sql/claim_unblock.sql");

/// Ends the connections of nodes that have held an overdue job's row for long.
pub(crate) async fn end_still_holders(transaction: &mut Transaction, now: Timestamp) -> Outcome<()> {
    let present = transaction.shared.present(now);
    let ended = transaction.query(UNBLOCK, &[(&present as _, Type::INT8)]).await?;
    if !ended.is_empty() {
        tracing::warn!(nodes = ended.len(), "nodes stood still inside a chunk; their connections were ended");
    }
    Ok(())
}

/// The same for a transaction that has waited for a lock in vain, before it begins again. Without it two jobs of a team
/// could wait for each other for ever: one for a node that stands still, the other to be taken from that node by the
/// first one's.
pub(crate) fn before_another_try(shared: &Arc<Shared>) {
    // A caller's clock is not known here.
    if shared.settings.clock == Clock::Caller {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let now = Timestamp(0);
        let done =
            transact(&shared, Mode::Write, now, |transaction, now| Box::pin(end_still_holders(transaction, *now)));
        if let Err(error) = done.await {
            tracing::debug!(%error, "nobody could be asked who stands still");
        }
    });
}
