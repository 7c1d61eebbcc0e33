//! `keep_answer`: keeps the answer of a request that had no effect.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_store::{Answered, Caller, IdempotencyClaim, Idempotent, KeptAnswer, StoreError};

use crate::idempotency::{KeyOwner, once};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

/// See [`refract_store::ImportVerbs::keep_answer`].
#[tracing::instrument(name = "store.keep_answer", level = "debug", skip_all)]
pub(crate) async fn keep_answer(
    store: &PostgresStore,
    caller: &Caller,
    claim: IdempotencyClaim,
    answer: KeptAnswer,
    now: Timestamp,
) -> Result<Answered<()>, StoreError> {
    let idempotent = Idempotent { claim, render: Arc::new(move |()| answer.clone()) };
    store
        .write((*caller, idempotent, now), |transaction, (caller, idempotent, now)| {
            Box::pin(async move {
                let team_no = require_team(transaction, caller.team_id).await?;
                let owner = KeyOwner { team_no, caller: *caller };
                once(transaction, owner, Some(idempotent), *now, async |_: &mut Transaction| Ok(())).await
            })
        })
        .await
}
