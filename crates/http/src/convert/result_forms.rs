//! What became of a job's rows, in the forms in which it can be asked for: a page of JSON, lines of JSON, CSV.

use axum::body::Body;
use refract_domain::error::{Fault, RowError};
use refract_domain::import::fate::{Fate, FateWord};
use refract_domain::import::forecast::FieldChange;
use refract_domain::import::outcome::{Outcome, Skip};
use refract_engine::{FatesPage, JobOutcomes, JobView};

use super::csv::CsvWriter;
use super::results::{PIECE_BYTES, ResultForm, ResultWriter, not_attempted};
use super::rows::{Part, rows_body};

/// The columns of results as CSV.
const COLUMNS: [&str; 9] =
    ["input_index", "outcome", "id", "code", "field", "value", "message", "suggestion", "more_errors"];

/// A page: `{"data", "has_more", "next_cursor"}`.
pub(crate) fn results_page(view: &JobView, page: &FatesPage) -> Vec<u8> {
    let spec = &view.snapshot.spec;
    let mut writer = ResultWriter::of_form(ResultForm::Page, br#"{"data":["#.to_vec(), spec.record_ids);
    for (row, fate) in &page.rows {
        writer.push(*row, fate, FateWord::of(fate, spec));
    }
    match &page.next_cursor {
        // A cursor is base64url: nothing in it needs escaping.
        Some(cursor) => writer.raw(format!(r#"],"has_more":true,"next_cursor":"{cursor}"}}"#).as_bytes()),
        None => writer.raw(br#"],"has_more":false,"next_cursor":null}"#),
    }
    writer.take()
}

/// All rows with this word, or all there are, a line each.
pub(crate) fn results_lines(outcomes: JobOutcomes, wanted: Option<FateWord>) -> Body {
    let mut writer = ResultWriter::of_form(ResultForm::Lines, Vec::new(), outcomes.view().snapshot.spec.record_ids);
    rows_body(outcomes, move |part| match part {
        Part::Row(row, fate, word) => {
            if wanted.is_none_or(|wanted| wanted == word) {
                writer.push(row, fate, word);
            }
            if writer.is_full() { writer.take() } else { Vec::new() }
        }
        Part::End => writer.take(),
    })
}

/// The same as CSV: a line a row, with the first fault in cells of its own and the others in one.
pub(crate) fn results_csv(outcomes: JobOutcomes, wanted: Option<FateWord>) -> Body {
    let spec = &outcomes.view().snapshot.spec;
    let (record_ids, is_dry_run) = (spec.record_ids, spec.kind.is_dry_run());
    let mut writer = CsvWriter::default();
    writer.line(COLUMNS);
    rows_body(outcomes, move |part| match part {
        Part::Row(row, fate, word) => {
            if wanted.is_none_or(|wanted| wanted == word) {
                let id = fate.outcome().and_then(|outcome| outcome.record_id(&record_ids, row));
                // Records of a dry run are nobody's yet.
                let id = id.filter(|id| !is_dry_run || record_ids.row_of(*id).is_none());
                let id = id.map(|id| id.to_string()).unwrap_or_default();
                let [code, field, value, message, suggestion, more] = error_cells(fate);
                writer.line([&*row.to_string(), word.name(), &id, &code, &field, &value, &message, &suggestion, &more]);
            }
            if writer.len() >= PIECE_BYTES { writer.take() } else { Vec::new() }
        }
        Part::End => writer.take(),
    })
}

/// What is said of a row that is not rejected: why it was passed over, or how its record would change.
fn told_cells(fate: &Fate) -> [String; 6] {
    let (mut code, mut message) = (String::new(), String::new());
    if let Some(Outcome::Skipped(why)) = fate.outcome() {
        why.name().clone_into(&mut code);
        if let Skip::DuplicateOf(other) = why {
            message = format!("another row (input_index {other}) has the same key and was taken");
        }
    }
    if let Fate::Foreseen(_, changes) = fate {
        let told = changes.iter().map(|FieldChange { field, before, after }| {
            format!("{field}: {} -> {}", before.as_deref().unwrap_or("nothing"), after.as_deref().unwrap_or("nothing"))
        });
        let told: Vec<_> = told.collect();
        if !told.is_empty() {
            message = told.join(" | ");
        }
    }
    [code, String::new(), String::new(), message, String::new(), String::new()]
}

/// Code, field, value, message and suggestion of the first fault, and what is said of the others.
fn error_cells(fate: &Fate) -> [String; 6] {
    let error: &RowError = match fate {
        Fate::NotAttempted => &not_attempted(),
        Fate::Reached(_) | Fate::Foreseen(..) => match fate.error() {
            Some(error) => error,
            None => return told_cells(fate),
        },
    };
    let Fault { field, code, message, value, suggestion } = &error.first;
    let said = |fault: &Fault| format!("{}: {}", fault.field, fault.message);
    let more: Vec<_> = error.rest.iter().map(said).collect();
    [
        code.name().to_owned(),
        field.clone(),
        value.as_deref().unwrap_or_default().to_owned(),
        message.clone(),
        suggestion.as_deref().unwrap_or_default().to_owned(),
        more.join(" | "),
    ]
}
