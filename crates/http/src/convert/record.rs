//! Records as they are shown: one that was written or read, and a page of them.

use http::StatusCode;
use refract_domain::error::{Fault, RowError};
use refract_domain::import::judge::ContextError;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_engine::{EngineError, KeptAnswer, Page, RecordEffect, ShownRecord, WrittenRecord, written_values};
use refract_wire::{FoundOrCreated, Page as WirePage, RawValue, Record as WireRecord, Row};

use super::answer;
use crate::error::ApiError;

/// The tag of a record's version.
fn etag_header(version: u64) -> (String, String) {
    ("etag".to_owned(), format!("\"v{version}\""))
}

/// An object of values as the wire takes it.
fn values(object: String) -> Box<RawValue> {
    // A body that is not JSON would be a corrupt store; an object without values is still an answer.
    RawValue::from_string(object).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The answer to a read.
pub(crate) fn shown_answer(shown: ShownRecord) -> KeptAnswer {
    let record = WireRecord { id: shown.id.to_string(), default: values(shown.default), list: shown.list.map(values) };
    let mut answer = answer::json(StatusCode::OK, &record);
    answer.headers.push(etag_header(shown.version));
    answer
}

/// A page as it is shown.
pub(crate) fn page(page: Page) -> WirePage {
    let rows = page.rows.into_iter();
    WirePage {
        data: rows.map(|(id, properties)| Row { id: id.to_string(), properties: values(properties) }).collect(),
        has_more: page.next_cursor.is_some(),
        next_cursor: page.next_cursor,
        total: page.total,
    }
}

/// The answer to a write; the schema says which values are references. `request_id` is named by the answers that are
/// errors.
pub(crate) fn effect_answer(schema: &Schema, effect: &RecordEffect, done: StatusCode, request_id: &str) -> KeptAnswer {
    let RecordEffect::Written(written) = effect else { return unwritten_answer(effect, request_id) };
    let mut answer = answer::json(done, &written_record(schema, written));
    answer.headers.push(etag_header(written.record.version));
    answer
}

/// A record as a write leaves it, with its values in the list that the write names.
pub(crate) fn written_record(schema: &Schema, written: &WrittenRecord) -> WireRecord {
    let default = values(written_values(schema, &written.record));
    WireRecord { id: written.record.id.to_string(), default, list: written.list_values.clone().map(values) }
}

/// The answer to a deletion: no body.
pub(crate) fn deleted_answer(effect: &RecordEffect, request_id: &str) -> KeptAnswer {
    let RecordEffect::Written(hidden) = effect else { return unwritten_answer(effect, request_id) };
    let status = StatusCode::NO_CONTENT.as_u16();
    KeptAnswer { status, headers: vec![etag_header(hidden.record.version)], body: Vec::new() }
}

fn unwritten_answer(effect: &RecordEffect, request_id: &str) -> KeptAnswer {
    let error = match effect {
        RecordEffect::PreconditionFailed => {
            let message = "The record is not as If-Match says. Read it again and decide anew.";
            ApiError::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", message)
        }
        RecordEffect::Refused(error) => ApiError::refused(error),
        RecordEffect::NotFound | RecordEffect::Written(_) => not_found(),
    };
    error.kept(request_id)
}

/// The answer to an upsert: 201 for a record that was made, 200 for one that was there.
pub(crate) fn upsert_answer(schema: &Schema, effect: &RecordEffect, request_id: &str) -> KeptAnswer {
    effect_answer(schema, effect, made_or_met(effect), request_id)
}

/// The answer of find-or-create.
pub(crate) fn find_or_create_answer(schema: &Schema, effect: &RecordEffect, request_id: &str) -> KeptAnswer {
    let written = match effect {
        RecordEffect::Written(written) => written,
        RecordEffect::Refused(error) => return ApiError::refused(&of_defaults(error)).kept(request_id),
        other => return unwritten_answer(other, request_id),
    };
    let body = FoundOrCreated { created: written.created, record: written_record(schema, written) };
    let mut answer = answer::json(made_or_met(effect), &body);
    answer.headers.push(etag_header(written.record.version));
    answer
}

/// The same faults where the request has the values: under `defaults`.
fn of_defaults(error: &RowError) -> RowError {
    let there = |fault: &Fault| match fault.field.strip_prefix("default") {
        Some(rest) => Fault { field: format!("defaults{rest}"), ..fault.clone() },
        None => fault.clone(),
    };
    let rest = error.rest.iter().map(there).collect();
    RowError { first: there(&error.first), rest, candidates: error.candidates.clone() }
}

fn made_or_met(effect: &RecordEffect) -> StatusCode {
    match effect {
        RecordEffect::Written(written) if written.created => StatusCode::CREATED,
        _ => StatusCode::OK,
    }
}

/// The engine's refusals of writes to single records, as they concern path and query rather than the options of an
/// import. `value_field` is where the request says the value that means the record.
pub(crate) fn refusal(error: EngineError, object_type: ObjectType, value_field: &str) -> ApiError {
    match error {
        EngineError::Options(ContextError::UnknownDedupeProperty { slug, nearest }) => {
            let shown: String = slug.chars().take(40).collect();
            let advice = nearest.map_or_else(String::new, |nearest| format!(" Did you mean {nearest:?}?"));
            let message = format!("{object_type} has no property {shown:?}.{advice}");
            ApiError::invalid("unknown_property", ".path.slug", message)
        }
        EngineError::Options(ContextError::NotAKey { slug, property_type }) => {
            let message =
                format!("Records cannot be found by {slug:?}: a value of type {property_type} names no record.");
            ApiError::invalid_field(".path.slug", message)
        }
        EngineError::Options(ContextError::UnknownList(list_id)) => {
            let message = format!("The team has no list {list_id}; GET /lists shows those it has.");
            ApiError::invalid_field(".query.list_id", message)
        }
        EngineError::Options(ContextError::ListOfAnotherType { list_id, takes, imported }) => {
            let message = format!("List {list_id} takes {takes} records, not {imported}.");
            ApiError::invalid_field(".query.list_id", message)
        }
        EngineError::Value(error) => ApiError::invalid_field(value_field, error.first.message.clone()),
        other => other.into(),
    }
}

/// 404 for a record, whatever the reason.
pub(crate) fn not_found() -> ApiError {
    ApiError::not_found("Record not found.")
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::error::RowCode;
    use refract_domain::ids::RecordId;
    use refract_domain::record::Record;

    use super::*;

    fn id() -> RecordId {
        RecordId::from_bytes([1; 16])
    }

    fn a_record() -> Record {
        Record {
            id: id(),
            object_type: ObjectType::Contact,
            version: 12,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            body: r#"{"email":"a@x.io","gone":1,"company":"02020202-0202-0202-0202-020202020202"}"#.into(),
        }
    }

    fn answered(effect: &RecordEffect, done: StatusCode) -> KeptAnswer {
        effect_answer(&Schema::builtin(1), effect, done, "req_1")
    }

    #[test]
    fn a_written_record_is_shown_whole_with_its_tag() {
        let answer = answered(&RecordEffect::Written(WrittenRecord::existing(a_record())), StatusCode::CREATED);
        let expected = concat!(
            r#"{"id":"01010101-0101-0101-0101-010101010101","default":{"email":"a@x.io","#,
            r#""company":{"id":"02020202-0202-0202-0202-020202020202","properties":{}}}}"#
        );
        assert_eq!(answer.status, 201);
        assert_eq!(String::from_utf8(answer.body).expect("text"), expected);
        assert_eq!(answer.headers, [("etag".to_owned(), "\"v12\"".to_owned())]);
    }

    #[test]
    fn each_effect_has_its_status() {
        let status = |effect: RecordEffect| answered(&effect, StatusCode::OK).status;
        let refused = RowError::new("default.emial", RowCode::UnknownProperty, "no emial");
        assert_eq!(status(RecordEffect::NotFound), 404);
        assert_eq!(status(RecordEffect::PreconditionFailed), 412);
        assert_eq!(status(RecordEffect::Refused(Box::new(refused.clone()))), 400);
        let deleted = deleted_answer(&RecordEffect::Written(WrittenRecord::existing(a_record())), "req_1");
        assert_eq!((deleted.status, deleted.body.is_empty()), (204, true));
        assert_eq!(deleted_answer(&RecordEffect::NotFound, "req_1").status, 404);

        let answer = answered(&RecordEffect::Refused(Box::new(refused)), StatusCode::OK);
        let body: refract_wire::ErrorBody = serde_json::from_slice(&answer.body).expect("an error");
        assert_eq!(body.code, "invalid_request");
        assert_eq!(body.error.request_id, "req_1");
        assert_eq!(body.error.errors[0].field, ".body.default.emial");
        assert_eq!(body.error.errors[0].code, "unknown_property");
    }

    #[test]
    fn a_read_record_shows_its_values_in_a_list_where_one_is_asked_for() {
        let shown = |list: Option<&str>| {
            let default = r#"{"a":1}"#.to_owned();
            shown_answer(ShownRecord { id: id(), version: 3, default, list: list.map(str::to_owned) })
        };
        let text = |answer: KeptAnswer| String::from_utf8(answer.body).expect("text");
        assert_eq!(shown(None).headers, [("etag".to_owned(), "\"v3\"".to_owned())]);
        assert_eq!(text(shown(None)), format!(r#"{{"id":"{}","default":{{"a":1}}}}"#, id()));
        assert_eq!(text(shown(Some("{}"))), format!(r#"{{"id":"{}","default":{{"a":1}},"list":{{}}}}"#, id()));
    }

    #[test]
    fn there_is_more_exactly_when_there_is_a_cursor() {
        for next_cursor in [None, Some("x".to_owned())] {
            let shown =
                page(Page { rows: vec![(id(), "{}".to_owned())], next_cursor: next_cursor.clone(), total: None });
            assert_eq!((shown.has_more, shown.next_cursor), (next_cursor.is_some(), next_cursor));
        }
    }
}
