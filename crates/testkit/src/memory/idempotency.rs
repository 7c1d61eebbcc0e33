//! Idempotency keys: an effect happens once, its answer is kept beside it.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_store::{Answered, Caller, IdempotencyClaim, Idempotent, KeptAnswer, StoreError};

use super::state::{Remembered, State};

/// How long an answer is replayed (import-semantics: a day).
pub(super) const REPLAYED_FOR: Duration = Duration::from_secs(24 * 3_600);

/// How long a key is remembered as used (30 days).
pub(super) const REMEMBERED_FOR: Duration = Duration::from_secs(30 * 24 * 3_600);

impl State {
    /// Carries `effect` out, unless the key was used before.
    pub(super) fn once<E>(
        &mut self,
        caller: &Caller,
        idempotent: Option<Idempotent<E>>,
        now: Timestamp,
        effect: impl FnOnce(&mut Self) -> Result<E, StoreError>,
    ) -> Result<Answered<E>, StoreError> {
        if let Some(Idempotent { claim, .. }) = &idempotent
            && let Some(earlier) = self.earlier(caller, claim, now)
        {
            return Ok(earlier);
        }
        let came = effect(self)?;
        if let Some(Idempotent { claim, render }) = idempotent {
            self.remember(caller, claim, render(&came), now);
        }
        Ok(Answered::Fresh(came))
    }

    /// What a key that was used before answers.
    fn earlier<E>(&self, caller: &Caller, claim: &IdempotencyClaim, now: Timestamp) -> Option<Answered<E>> {
        let used = self.answers.get(&(caller.team_id, caller.key_id, claim.key.clone()))?;
        if used.used_at.plus(REMEMBERED_FOR) <= now {
            return None;
        }
        if used.used_at.plus(REPLAYED_FOR) <= now {
            return Some(Answered::Stale);
        }
        if used.fingerprint != claim.fingerprint {
            return Some(Answered::Mismatch);
        }
        Some(used.answer.as_ref().map_or(Answered::Stale, |answer| Answered::Replay(KeptAnswer::clone(answer))))
    }

    fn remember(&mut self, caller: &Caller, claim: IdempotencyClaim, answer: KeptAnswer, now: Timestamp) {
        let used = Remembered { fingerprint: claim.fingerprint, used_at: now, answer: Some(Arc::new(answer)) };
        self.answers.insert((caller.team_id, caller.key_id, claim.key), used);
    }

    /// Forgets at most `batch_max` keys and answers that are past their time; how many.
    pub(super) fn forget(&mut self, now: Timestamp, batch_max: usize) -> usize {
        let is_old = |used: &Remembered| used.used_at.plus(REMEMBERED_FOR) <= now;
        let is_stale = |used: &Remembered| used.answer.is_some() && used.used_at.plus(REPLAYED_FOR) <= now;
        let past: Vec<_> = self
            .answers
            .iter()
            .filter(|(_, used)| is_old(used) || is_stale(used))
            .map(|(key, _)| key.clone())
            .collect();
        let batch = past.into_iter().take(batch_max);
        let mut forgotten = 0;
        for key in batch {
            forgotten += 1;
            if self.answers.get(&key).is_some_and(is_old) {
                self.answers.remove(&key);
            } else if let Some(used) = self.answers.get_mut(&key) {
                used.answer = None;
            }
        }
        forgotten
    }
}
