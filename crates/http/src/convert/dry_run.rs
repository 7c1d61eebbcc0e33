//! What comes of a request to apply a dry run.

use std::time::Duration;

use http::StatusCode;
use refract_domain::import::apply::ApplyRefusal;
use refract_engine::{ApplyEffect, KeptAnswer};

use super::job::accepted_answer;
use super::undo::job_not_found;
use crate::error::ApiError;

/// The 202 of an application, or why there is none.
pub(crate) fn apply_answer(effect: &ApplyEffect, retention: Duration, request_id: &str) -> KeptAnswer {
    match effect {
        ApplyEffect::Admitted(spec) => accepted_answer(spec, retention),
        ApplyEffect::Refused(refusal) => refused(*refusal).kept(request_id),
    }
}

fn refused(refusal: ApplyRefusal) -> ApiError {
    let message = match refusal {
        ApplyRefusal::NotFound => return job_not_found(),
        ApplyRefusal::NotADryRun => {
            "The job is no dry run. Send the rows with the option \"dry_run\": true to have one to apply.".to_owned()
        }
        ApplyRefusal::Unfinished => "The dry run is still processing. Wait for its end.".to_owned(),
        ApplyRefusal::Incomplete => {
            "The dry run ended before it came to all of its rows. Send them again for another one.".to_owned()
        }
        ApplyRefusal::Nothing => {
            "The import is all or nothing, and the dry run refused some of its rows: nothing would be done. Correct those rows \
             (…/failed gives them) and send all of them again."
                .to_owned()
        }
        ApplyRefusal::Applied(job_id) => {
            format!("The dry run is applied once, and job {job_id} does so. Retry that job for the rows it left out.")
        }
    };
    ApiError::new(StatusCode::CONFLICT, "conflict", message).should_retry(false)
}
