//! `keep_answer`: keeps the answer of a request that had no effect.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_store::{Answered, Caller, IdempotencyClaim, Idempotent, KeptAnswer, StoreError};

use crate::idempotency::{KeyOwner, once};
use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::Lane;

/// See [`refract_store::ImportVerbs::keep_answer`].
#[tracing::instrument(name = "store.keep_answer", level = "debug", skip_all)]
pub(crate) async fn keep_answer(
    store: &SqliteStore,
    caller: &Caller,
    claim: IdempotencyClaim,
    answer: KeptAnswer,
    now: Timestamp,
) -> Result<Answered<()>, StoreError> {
    let caller = *caller;
    let work = move |write: &mut crate::writer::WriteContext<'_>| {
        let team_no = require_team(write.connection, caller.team_id)?.team_no;
        let idempotent = Idempotent { claim, render: Arc::new(move |()| answer.clone()) };
        once(write, KeyOwner { team_no, caller }, Some(idempotent), now, |_| Ok(()))
    };
    store.threads.writer.write(Lane::Small, work).await
}
