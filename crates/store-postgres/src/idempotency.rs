//! Answers kept for idempotency keys, in the transaction of what they answer for.
//!
//! The key comes first: its row is inserted before anything else is done, so that of equal requests on several nodes one
//! works and the others wait for its end. Whoever finds a row reads the answer; when the first rolled back there is
//! none, and the next goes on.

use refract_domain::clock::Timestamp;
use refract_store::{Answered, Caller, IdempotencyClaim, Idempotent, KeptAnswer, Reuse};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};
use crate::transaction::{Parameter, Transaction};

const CLAIM: &str = include_str!("sql/idempotency_claim.sql");
const FIND: &str = include_str!("sql/idempotency_find.sql");
const FORGET: &str = include_str!("sql/idempotency_forget.sql");
const KEEP: &str = include_str!("sql/idempotency_keep.sql");

/// How often a key is claimed that is gone by the time it is read.
const ROUNDS_MAX: usize = 5;

/// Whose key it is: keys are scoped by team and API key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyOwner {
    pub(crate) team_no: i64,
    pub(crate) caller: Caller,
}

/// Does `work` unless its idempotency key was used before, and keeps the answer it renders.
pub(crate) async fn once<E>(
    transaction: &mut Transaction,
    owner: KeyOwner,
    idempotent: Option<&Idempotent<E>>,
    now: Timestamp,
    work: impl AsyncFnOnce(&mut Transaction) -> Outcome<E>,
) -> Outcome<Answered<E>> {
    let Some(Idempotent { claim, render }) = idempotent else {
        return Ok(Answered::Fresh(work(transaction).await?));
    };
    if let Some(answered) = claim_or_answer(transaction, owner, claim, now).await? {
        return Ok(answered);
    }
    let effect = work(transaction).await?;
    keep(transaction, owner, claim, &render(&effect)).await?;
    Ok(Answered::Fresh(effect))
}

/// What the key was used for; `None` when it is now this transaction's.
async fn claim_or_answer<E>(
    transaction: &mut Transaction,
    owner: KeyOwner,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Outcome<Option<Answered<E>>> {
    let present = transaction.shared.present(now);
    let fingerprint = claim.fingerprint.as_slice();
    for _ in 0..ROUNDS_MAX {
        let [team_no, key_id, key] = named(&owner, claim);
        let parameters = [team_no, key_id, key, (&fingerprint, Type::BYTEA), (&present, Type::INT8)];
        if transaction.execute(CLAIM, &parameters).await? > 0 {
            return Ok(None);
        }
        let [team_no, key_id, key] = named(&owner, claim);
        // Purged since, or kept by one that has rolled back since: then it can be claimed.
        let Some(row) = transaction.query_opt(FIND, &[team_no, key_id, key, (&present, Type::INT8)]).await? else {
            continue;
        };
        let (created_at, read_at) = (Timestamp(column(&row, "created_at")?), Timestamp(column(&row, "now")?));
        match claim.reuse(created_at, column(&row, "fingerprint")?, read_at) {
            Reuse::Forgotten => {
                let [team_no, key_id, key] = named(&owner, claim);
                transaction.execute(FORGET, &[team_no, key_id, key, (&created_at.0, Type::INT8)]).await?;
            }
            Reuse::Stale => return Ok(Some(Answered::Stale)),
            Reuse::Mismatch => return Ok(Some(Answered::Mismatch)),
            Reuse::Same => return kept_answer(&row).map(Answered::Replay).map(Some),
        }
    }
    Err(Failure::conflict("an idempotency key came and went"))
}

fn named<'a>(owner: &'a KeyOwner, claim: &'a IdempotencyClaim) -> [Parameter<'a>; 3] {
    [(&owner.team_no, Type::INT8), (&owner.caller.key_id.0, Type::UUID), (&claim.key, Type::TEXT)]
}

fn kept_answer(row: &Row) -> Outcome<KeptAnswer> {
    let Some(status) = column::<Option<i16>>(row, "status")? else {
        return Err(Failure::corrupt("a kept answer is gone too early"));
    };
    let status = u16::try_from(status).map_err(|_| Failure::corrupt(format!("a kept answer of status {status}")))?;
    let headers = serde_json::from_str(column(row, "headers")?)
        .map_err(|error| Failure::corrupt(format!("headers of a kept answer: {error}")))?;
    Ok(KeptAnswer { status, headers, body: column(row, "body")? })
}

async fn keep(
    transaction: &mut Transaction,
    owner: KeyOwner,
    claim: &IdempotencyClaim,
    answer: &KeptAnswer,
) -> Outcome<()> {
    let headers = serde_json::to_string(&answer.headers)
        .map_err(|error| Failure::internal(format!("headers of an answer cannot be kept: {error}")))?;
    let status = i16::try_from(answer.status).map_err(|_| Failure::internal("a status of more than three digits"))?;
    let [team_no, key_id, key] = named(&owner, claim);
    let (status, headers): (Parameter<'_>, Parameter<'_>) = ((&status, Type::INT2), (&headers, Type::TEXT));
    transaction.execute(KEEP, &[team_no, key_id, key, status, headers, (&answer.body, Type::BYTEA)]).await?;
    Ok(())
}
