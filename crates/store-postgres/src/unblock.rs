//! Frees what a node holds that stands still in the middle of a transaction: a job's row, and with it the team's schema,
//! and the keys and records that others want.
//!
//! Work that stands still can be given up: a job is taken over, and its new owner does the chunk again; any other write was
//! not committed, and whoever asked for it is told so.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use tokio_postgres::types::Type;

use crate::error::Outcome;
use crate::store::{Shared, millis};
use crate::transaction::{Mode, Transaction, transact};

const UNBLOCK_JOBS: &str = include_str!("sql/claim_unblock.sql");
const UNBLOCK_STILL: &str = include_str!("sql/unblock_still.sql");

/// Ends the connections of nodes that hold an overdue job's row and stand still, and of those that have stood still inside a
/// statement for longer than a transaction may be idle.
pub(crate) async fn end_still_holders(transaction: &mut Transaction, now: Timestamp) -> Outcome<()> {
    let present = transaction.shared.present(now);
    let idle_within = millis(transaction.shared.settings.idle_within);
    let of_jobs = transaction.query(UNBLOCK_JOBS, &[(&present as _, Type::INT8)]).await?;
    let others = transaction.query(UNBLOCK_STILL, &[(&idle_within as _, Type::INT8)]).await?;
    let ended = of_jobs.len() + others.len();
    if ended > 0 {
        tracing::warn!(nodes = ended, "nodes stood still inside a transaction; their connections were ended");
    }
    Ok(())
}

/// The same for a transaction that has waited for a lock in vain, before it begins again. Without it two jobs of a team
/// could wait for each other for ever: one for a node that stands still, the other to be taken from that node by the
/// first one's.
pub(crate) fn before_another_try(shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        // Where a caller's clock decides, it is not known here: then no job is overdue.
        let now = Timestamp(0);
        let done =
            transact(&shared, Mode::Write, now, |transaction, now| Box::pin(end_still_holders(transaction, *now)));
        if let Err(error) = done.await {
            tracing::debug!(%error, "nobody could be asked who stands still");
        }
    });
}
