//! Bodies of single records: judged as rows are. And the answer to a request that is refused before it is written.

use refract_domain::clock::Timestamp;
use refract_domain::ids::RecordId;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::row::{GoodRow, JudgedChunk, JudgedRow, RawChunk};
use refract_store::{Answered, Caller, Idempotent, RecordEffect, SharedStore};

use crate::EngineError;

/// A body found good, or what is to be answered instead.
pub(crate) enum JudgedBody {
    /// A chunk of one good row.
    Good(JudgedChunk),
    /// What is wrong with it.
    Refused(RecordEffect),
}

/// Judges the body of one record. With `of_record` it is a patch of that record.
pub(crate) fn judge_body(
    context: &JudgeContext,
    raw_body: &[u8],
    of_record: Option<RecordId>,
) -> Result<JudgedBody, EngineError> {
    let mut raw = RawChunk::default();
    raw.push(raw_body);
    let mut judged = judge_chunk(context, &raw);
    match judged.rows.first_mut() {
        Some(JudgedRow::Faulty(error)) => Ok(JudgedBody::Refused(RecordEffect::Refused(error.clone()))),
        Some(JudgedRow::Good(row)) => {
            set_id(row, of_record)?;
            Ok(JudgedBody::Good(judged))
        }
        // Only imports pass rows over.
        Some(JudgedRow::Skipped(_)) | None => Err(EngineError::Internal("a body was judged to no verdict".into())),
    }
}

fn set_id(row: &mut GoodRow, of_record: Option<RecordId>) -> Result<(), EngineError> {
    let written = row.extra.as_ref().and_then(|extra| extra.given_id);
    if written.is_some() && written != of_record {
        return Err(EngineError::Body("a record's id cannot be set here; leave 'id' out of the body".into()));
    }
    if of_record.is_some() {
        row.extra.get_or_insert_default().given_id = of_record;
    }
    Ok(())
}

/// Answers a refusal, and keeps the answer when the request carries an idempotency key.
pub(crate) async fn keep(
    store: &SharedStore,
    caller: &Caller,
    effect: RecordEffect,
    idempotent: Option<Idempotent<RecordEffect>>,
    now: Timestamp,
) -> Result<Answered<RecordEffect>, EngineError> {
    let Some(idempotent) = idempotent else { return Ok(Answered::Fresh(effect)) };
    let answer = (idempotent.render)(&effect);
    Ok(match store.keep_answer(caller, idempotent.claim, answer, now).await? {
        Answered::Fresh(()) => Answered::Fresh(effect),
        Answered::Replay(answer) => Answered::Replay(answer),
        Answered::Mismatch => Answered::Mismatch,
        Answered::Stale => Answered::Stale,
    })
}
