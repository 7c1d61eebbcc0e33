//! Idempotency keys of requests that are under way in this process.
//!
//! That a second request finds the first still running is told here; that a finished one is answered the same again is
//! told by the store, in the transaction of the effect, so that it holds across nodes and restarts.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use refract_domain::ids::{ApiKeyId, TeamId};
use refract_store::{Answered, Caller, IdempotencyClaim, Idempotent, KeptAnswer, Render};

use crate::task::to_the_end;
use crate::{Engine, EngineError};

type Scoped = (TeamId, ApiKeyId, String);

/// The keys of requests under way.
#[derive(Clone, Default)]
pub(crate) struct KeysInProgress(Arc<Mutex<HashSet<Scoped>>>);

/// Holds a key for one request; dropping it lets the next request with the key in.
pub struct KeyReservation {
    keys: KeysInProgress,
    scoped: Scoped,
}

impl Drop for KeyReservation {
    fn drop(&mut self) {
        if let Ok(mut keys) = self.keys.0.lock() {
            keys.remove(&self.scoped);
        }
    }
}

/// A request's idempotency key on its way to the store.
pub struct IdempotentRequest<E> {
    /// The key and the request's fingerprint.
    pub claim: IdempotencyClaim,
    /// Held until the effect is committed.
    pub reservation: KeyReservation,
    /// Makes the answer that is kept.
    pub render: Render<E>,
}

impl<E> IdempotentRequest<E> {
    /// The store's part, and the reservation to hold meanwhile.
    pub(crate) fn split(self) -> (Idempotent<E>, KeyReservation) {
        (Idempotent { claim: self.claim, render: self.render }, self.reservation)
    }
}

impl Engine {
    /// Reserves a key for one request; `None` while another request with it is under way here.
    #[must_use]
    pub fn reserve_key(&self, caller: &Caller, idempotency_key: &str) -> Option<KeyReservation> {
        let scoped = (caller.team_id, caller.key_id, idempotency_key.to_owned());
        let inserted = self.keys_in_progress.0.lock().ok()?.insert(scoped.clone());
        inserted.then(|| KeyReservation { keys: self.keys_in_progress.clone(), scoped })
    }

    /// Keeps the answer of a request that had no effect.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_answer(
        &self,
        caller: &Caller,
        claim: IdempotencyClaim,
        answer: KeptAnswer,
        reservation: KeyReservation,
    ) -> Result<Answered<()>, EngineError> {
        let (store, caller, now) = (self.store.clone(), *caller, self.clock.now());
        to_the_end(async move {
            let kept = store.keep_answer(&caller, claim, answer, now).await?;
            drop(reservation);
            Ok(kept)
        })
        .await
    }
}
