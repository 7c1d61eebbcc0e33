//! The naive reference of the store contract: everything in memory, everything obvious.
//!
//! One mutex around one [`State`]. Each verb works on a copy of it, which takes the place of the original only when the
//! verb succeeds, so an error leaves nothing behind. There is no table of dedupe keys: who holds a key is found by looking
//! at every live record, so what a real backend maintains can be compared with what is true. Slow on purpose.

mod accounts;
mod chunk;
mod dry_run;
mod grants;
mod idempotency;
mod import;
mod jobs;
mod query;
mod records;
mod schema;
mod state;
mod undo;
mod views;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use refract_store::conformance::Harness;
use refract_store::{SharedStore, StoreError};

use state::State;

/// The reference store.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The store as the next process finds it: what is committed is there, uploads are nobody's.
    #[must_use]
    pub fn next_process(&self) -> Arc<Self> {
        let mut state = self.lock().clone();
        state.process += 1;
        state.is_closed = false;
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Runs a verb: all of it or nothing.
    fn transaction<T>(&self, verb: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(StoreError::Closing);
        }
        let mut copy = state.clone();
        let answer = verb(&mut copy)?;
        *state = copy;
        Ok(answer)
    }

    /// Looks without changing anything.
    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        let state = self.lock();
        if state.is_closed { Err(StoreError::Closing) } else { Ok(look(&state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A verb that panicked changed its copy only.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the suite over [`MemoryStore`].
#[derive(Default)]
pub struct MemoryHarness {
    current: Mutex<Arc<MemoryStore>>,
}

#[async_trait]
impl Harness for MemoryHarness {
    async fn open(&self) -> SharedStore {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn reopen(&self, _store: SharedStore) -> SharedStore {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = current.next_process();
        current.clone()
    }
}
