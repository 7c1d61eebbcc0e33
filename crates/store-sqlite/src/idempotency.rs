//! Answers kept for idempotency keys, in the transaction of what they answer for.

use refract_domain::clock::Timestamp;
use refract_store::{Answered, Caller, IdempotencyClaim, Idempotent, KeptAnswer, Reuse};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{Failure, Outcome};
use crate::writer::WriteContext;

const FIND: &str = include_str!("sql/idempotency_find.sql");
const FORGET: &str = include_str!("sql/idempotency_forget.sql");
const KEEP: &str = include_str!("sql/idempotency_keep.sql");

/// Whose key it is: keys are scoped by team and API key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyOwner {
    pub(crate) team_no: i64,
    pub(crate) caller: Caller,
}

/// Does `work` unless its idempotency key was used before, and keeps the answer it renders.
pub(crate) fn once<E>(
    write: &mut WriteContext<'_>,
    owner: KeyOwner,
    idempotent: Option<Idempotent<E>>,
    now: Timestamp,
    work: impl FnOnce(&mut WriteContext<'_>) -> Outcome<E>,
) -> Outcome<Answered<E>> {
    let Some(Idempotent { claim, render }) = idempotent else {
        return Ok(Answered::Fresh(work(write)?));
    };
    if let Some(answered) = find(write.connection, owner, &claim, now)? {
        return Ok(answered);
    }
    let effect = work(write)?;
    keep(write.connection, owner, &claim, &render(&effect), now)?;
    Ok(Answered::Fresh(effect))
}

struct Kept {
    fingerprint: [u8; 32],
    created_at: Timestamp,
    answer: Option<(u16, String, Vec<u8>)>,
}

/// What the key was used for; `None` when it may be used now.
fn find<E>(
    connection: &Connection,
    owner: KeyOwner,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Outcome<Option<Answered<E>>> {
    let parameters = (owner.team_no, owner.caller.key_id.as_bytes(), &claim.key);
    let found = connection.prepare_cached(FIND)?.query_row(parameters, read).optional()?;
    let Some(kept) = found else { return Ok(None) };
    match claim.reuse(kept.created_at, &kept.fingerprint, now) {
        Reuse::Forgotten => {
            connection.prepare_cached(FORGET)?.execute(parameters)?;
            return Ok(None);
        }
        Reuse::Stale => return Ok(Some(Answered::Stale)),
        Reuse::Mismatch => return Ok(Some(Answered::Mismatch)),
        Reuse::Same => {}
    }
    let (status, headers, body) = kept.answer.ok_or_else(|| Failure::corrupt("a kept answer is gone too early"))?;
    let headers = serde_json::from_str(&headers)
        .map_err(|error| Failure::corrupt(format!("headers of a kept answer: {error}")))?;
    Ok(Some(Answered::Replay(KeptAnswer { status, headers, body })))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let status: Option<u16> = row.get("status")?;
    let answer = status.map(|status| Ok::<_, rusqlite::Error>((status, row.get("headers")?, row.get("body")?)));
    Ok(Kept {
        fingerprint: row.get("fingerprint")?,
        created_at: Timestamp(row.get("created_at")?),
        answer: answer.transpose()?,
    })
}

fn keep(
    connection: &Connection,
    owner: KeyOwner,
    claim: &IdempotencyClaim,
    answer: &KeptAnswer,
    now: Timestamp,
) -> Outcome<()> {
    let headers = serde_json::to_string(&answer.headers)
        .map_err(|error| Failure::internal(format!("headers of an answer cannot be kept: {error}")))?;
    connection.prepare_cached(KEEP)?.execute((
        owner.team_no,
        owner.caller.key_id.as_bytes(),
        &claim.key,
        claim.fingerprint,
        now.0,
        answer.status,
        headers,
        &answer.body,
    ))?;
    Ok(())
}
