//! Which rows of a job yield to others of the same key, found before its first chunk: the last rows count as well.
//!
//! Nothing of it is kept in the store. Whoever takes a job over reads its rows once more and comes to the same.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::import::duplicates::{DuplicateRows, KeysSeen};
use refract_domain::import::job::{JobError, JobErrorCode};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::policy::Duplicates;
use refract_store::StoreError;
use tokio::time::Instant;

use super::HeldJob;
use super::prepare::{Errand, PIECE_BYTES_MAX, PIECE_ROWS_MAX, Prepared, apart, unreadable};

/// What a step takes; in between other jobs have their turn, and the lease is prolonged.
const STEP_TIME: Duration = Duration::from_millis(250);

/// What is known of a job's duplicates.
#[derive(Default)]
pub(super) struct DuplicatesOf {
    seen: KeysSeen,
    next_row: u32,
    found: Option<Arc<DuplicateRows>>,
    /// What they are judged under.
    context: Option<Arc<JudgeContext>>,
}

impl DuplicatesOf {
    /// Those found; none while they are looked for.
    pub(super) fn found(&self) -> Option<Arc<DuplicateRows>> {
        self.found.clone()
    }

    /// Begins anew where rows are judged otherwise by now than when they were looked at: a row that has become faulty would
    /// have others yield to it.
    pub(super) fn begin_under(&mut self, context: &Arc<JudgeContext>) {
        let is_known = self.context.as_ref().is_some_and(|known| Arc::ptr_eq(known, context));
        if is_known || context.options().duplicates == Duplicates::Sequential {
            return;
        }
        if self.context.as_ref().is_some_and(|known| !known.judges_like(context)) {
            *self = Self::default();
        }
        self.context = Some(Arc::clone(context));
    }

    /// Whether they must be looked for still.
    pub(super) fn are_missing(&self, policy: Duplicates) -> bool {
        policy != Duplicates::Sequential && self.found.is_none()
    }
}

/// Takes a step of the search, which keeps `keys_max` keys in memory at most.
pub(super) async fn search_step(held: &mut HeldJob, errand: Errand, keys_max: usize) -> Result<(), Prepared> {
    let errand = Arc::new(errand);
    let started = Instant::now();
    let spec = Arc::clone(&held.lease.spec);
    while held.duplicates.next_row < spec.total {
        let raw = errand.store.load_chunk(&spec, held.duplicates.next_row, PIECE_ROWS_MAX, PIECE_BYTES_MAX).await;
        let raw = raw.map_err(unreadable)?;
        let judged = if held.is_wary() {
            tokio::task::block_in_place(|| errand.judge_noting(&raw, &held.lease))
        } else {
            apart(&errand, move |errand| errand.judge_or_isolate(&raw)).await.map_err(Prepared::Failed)?
        };
        held.duplicates.seen.add(errand.context(), &judged);
        held.duplicates.next_row = judged.end_row();
        if held.duplicates.seen.count() > keys_max {
            return Err(Prepared::Hopeless(too_many(keys_max)));
        }
        if started.elapsed() >= STEP_TIME {
            break;
        }
    }
    if held.duplicates.next_row < spec.total {
        return Ok(());
    }
    let (seen, policy) = (std::mem::take(&mut held.duplicates.seen), spec.options.duplicates);
    let found = tokio::task::spawn_blocking(move || seen.finish(policy)).await;
    let found = found.map_err(|error| Prepared::Failed(StoreError::Internal(format!("the search ended: {error}"))))?;
    held.duplicates.found = Some(Arc::new(found));
    Ok(())
}

fn too_many(keys_max: usize) -> JobError {
    let message = format!(
        "the rows have more than {keys_max} keys, too many to find duplicates among. Send the rows in \
         several imports, or leave out options.duplicates"
    );
    JobError { code: JobErrorCode::Internal, message }
}
