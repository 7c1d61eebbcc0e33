//! What comes of a request to undo an import, and where a record comes from.

use std::time::Duration;

use http::StatusCode;
use refract_domain::import::provenance::{LastImport, Provenance};
use refract_domain::import::undo::UndoRefusal;
use refract_engine::{KeptAnswer, UndoEffect};
use refract_wire::{LastImport as WireLastImport, Provenance as WireProvenance};

use super::answer;
use super::job::accepted_answer;
use super::time::rfc3339;
use crate::error::ApiError;

/// The 202 of an undo, or why there is none.
pub(crate) fn undo_answer(effect: &UndoEffect, retention: Duration, request_id: &str) -> KeptAnswer {
    match effect {
        UndoEffect::Admitted(spec) => accepted_answer(spec, retention),
        UndoEffect::Refused(refusal) => refused(*refusal).kept(request_id),
    }
}

/// Unknown, expired, another team's, no id at all: the same words for each.
pub(crate) fn job_not_found() -> ApiError {
    ApiError::not_found("Import job not found.")
}

fn refused(refusal: UndoRefusal) -> ApiError {
    let message = match refusal {
        UndoRefusal::NotFound => return job_not_found(),
        UndoRefusal::Unfinished => "The import is still processing. Wait for its end, or cancel it first.".to_owned(),
        UndoRefusal::IsUndo => "The job is an undo itself. Send the import again to have its rows back.".to_owned(),
        UndoRefusal::IsDryRun => "The job is a dry run: it has written nothing that could be undone.".to_owned(),
        UndoRefusal::UnderWay(job_id) => format!("The import is being undone already, by job {job_id}."),
    };
    ApiError::new(StatusCode::CONFLICT, "conflict", message).should_retry(false)
}

/// The answer to a question after a record's provenance.
pub(crate) fn provenance_answer(provenance: &Provenance) -> KeptAnswer {
    let import = provenance.import.map(|LastImport { job_id, row, created, at, .. }| WireLastImport {
        job_id: job_id.to_string(),
        row_index: u64::from(row),
        outcome: if created { "created" } else { "updated" }.to_owned(),
        at: rfc3339(at),
    });
    let (record_id, edited_since) = (provenance.record_id.to_string(), provenance.edited_since);
    answer::json(StatusCode::OK, &WireProvenance { record_id, import, edited_since })
}
