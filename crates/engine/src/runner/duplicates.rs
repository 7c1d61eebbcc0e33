//! Which rows of a job yield to others of the same key, found before its first chunk: the last rows count as well.
//!
//! Nothing of it is kept in the store. Whoever takes a job over reads its rows once more and comes to the same.

use std::sync::Arc;

use refract_domain::import::duplicates::{DuplicateRows, KeysSeen};
use refract_domain::import::policy::Duplicates;
use refract_store::StoreError;

use super::HeldJob;
use super::prepare::{Errand, PIECE_BYTES_MAX, PIECE_ROWS_MAX, Prepared, apart, unreadable};

/// Rows looked at in one step; in between other jobs have their turn, and the lease is prolonged.
const STEP_ROWS_MAX: u32 = 200_000;

/// What is known of a job's duplicates.
#[derive(Default)]
pub(super) struct DuplicatesOf {
    seen: KeysSeen,
    next_row: u32,
    found: Option<Arc<DuplicateRows>>,
}

impl DuplicatesOf {
    /// Those found; none while they are looked for.
    pub(super) fn found(&self) -> Option<Arc<DuplicateRows>> {
        self.found.clone()
    }

    /// Whether they must be looked for still.
    pub(super) fn are_missing(&self, policy: Duplicates) -> bool {
        policy != Duplicates::Sequential && self.found.is_none()
    }
}

/// Takes a step of the search.
pub(super) async fn search_step(held: &mut HeldJob, errand: Errand) -> Result<(), Prepared> {
    let errand = Arc::new(errand);
    let spec = Arc::clone(&held.lease.spec);
    let end_row = held.duplicates.next_row.saturating_add(STEP_ROWS_MAX).min(spec.total);
    while held.duplicates.next_row < end_row {
        let raw = errand.store.load_chunk(&spec, held.duplicates.next_row, PIECE_ROWS_MAX, PIECE_BYTES_MAX).await;
        let raw = raw.map_err(unreadable)?;
        let judged = if held.is_wary() {
            tokio::task::block_in_place(|| errand.judge_noting(&raw, &held.lease))
        } else {
            apart(&errand, move |errand| errand.judge_or_isolate(&raw)).await.map_err(Prepared::Failed)?
        };
        held.duplicates.seen.add(&judged);
        held.duplicates.next_row = judged.end_row();
    }
    if end_row < spec.total {
        return Ok(());
    }
    let (seen, policy) = (std::mem::take(&mut held.duplicates.seen), spec.options.duplicates);
    let found = tokio::task::spawn_blocking(move || seen.finish(policy)).await;
    let found = found.map_err(|error| Prepared::Failed(StoreError::Internal(format!("the search ended: {error}"))))?;
    held.duplicates.found = Some(Arc::new(found));
    Ok(())
}
