//! Single records: the answer to a write, and a read with `select`.

use std::borrow::Cow;

use http::StatusCode;
use refract_domain::error::{Fault, RowError};
use refract_domain::ids::TeamId;
use refract_domain::import::judge::ContextError;
use refract_domain::json;
use refract_domain::object_type::ObjectType;
use refract_domain::property::{PropertyType, TypeSchema, nearest};
use refract_domain::record::{BodyWriter, Record};
use refract_engine::{EngineError, KeptAnswer, RecordEffect, WrittenRecord};
use refract_wire::{FoundOrCreated, RawValue, Record as WireRecord};
use uuid::Uuid;

use super::answer;
use crate::error::ApiError;

/// The tag of a record's version.
pub(crate) fn etag(record: &Record) -> String {
    format!("\"v{}\"", record.version)
}

/// A record with these values, a canonical body.
pub(crate) fn record(record: &Record, values: String) -> WireRecord {
    // A body that is not JSON would be a corrupt store; an object without values is still an answer.
    let default = RawValue::from_string(values).unwrap_or_else(|_| RawValue::NULL.to_owned());
    WireRecord { id: record.id.to_string(), default, list: None }
}

/// A record as a write leaves it, with its values in the list that the write names.
pub(crate) fn written_record(written: &WrittenRecord) -> WireRecord {
    let list = written.list_values.clone().and_then(|values| RawValue::from_string(values).ok());
    WireRecord { list, ..record(&written.record, written.record.body.clone()) }
}

/// The answer to a write. `request_id` is named by the answers that are errors.
pub(crate) fn effect_answer(effect: &RecordEffect, done: StatusCode, request_id: &str) -> KeptAnswer {
    match effect {
        RecordEffect::Written(written) if done == StatusCode::NO_CONTENT => {
            KeptAnswer { status: done.as_u16(), headers: vec![etag_header(&written.record)], body: Vec::new() }
        }
        RecordEffect::Written(written) => {
            let mut answer = answer::json(done, &written_record(written));
            answer.headers.push(etag_header(&written.record));
            answer
        }
        RecordEffect::NotFound => not_found().kept(request_id),
        RecordEffect::PreconditionFailed => {
            let message = "The record is not as If-Match says. Read it again and decide anew.";
            ApiError::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", message).kept(request_id)
        }
        RecordEffect::Refused(error) => ApiError::refused(error).kept(request_id),
    }
}

/// The answer to an upsert: 201 for a record that was made, 200 for one that was there.
pub(crate) fn upsert_answer(effect: &RecordEffect, request_id: &str) -> KeptAnswer {
    effect_answer(effect, made_or_met(effect), request_id)
}

/// The answer of find-or-create.
pub(crate) fn find_or_create_answer(effect: &RecordEffect, request_id: &str) -> KeptAnswer {
    let written = match effect {
        RecordEffect::Written(written) => written,
        RecordEffect::Refused(error) => return ApiError::refused(&of_defaults(error)).kept(request_id),
        other => return effect_answer(other, StatusCode::OK, request_id),
    };
    let body = FoundOrCreated { created: written.created, record: written_record(written) };
    let mut answer = answer::json(made_or_met(effect), &body);
    answer.headers.push(etag_header(&written.record));
    answer
}

/// The same faults where the request has the values: under `defaults`.
fn of_defaults(error: &RowError) -> RowError {
    let there = |fault: &Fault| match fault.field.strip_prefix("default") {
        Some(rest) => Fault { field: format!("defaults{rest}"), ..fault.clone() },
        None => fault.clone(),
    };
    RowError { first: there(&error.first), rest: error.rest.iter().map(there).collect() }
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

fn etag_header(record: &Record) -> (String, String) {
    ("etag".to_owned(), etag(record))
}

/// 404 for a record, whatever the reason.
pub(crate) fn not_found() -> ApiError {
    ApiError::not_found("Record not found.")
}

/// What of a record is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Everything.
    All,
    /// These, in this order.
    Only(Vec<Selected>),
}

/// One thing asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selected {
    /// A value as it is kept.
    Value(String),
    /// An identity's addresses, each as a record with its `email`: `email_addresses.email`.
    Addresses(String),
}

/// Reads `select`: slugs, separated by commas; `id` is always there and may be named.
pub(crate) fn selection(select: Option<&str>, schema: &TypeSchema) -> Result<Selection, ApiError> {
    let Some(select) = select else { return Ok(Selection::All) };
    let mut wanted = Vec::new();
    for name in select.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "id") {
        let selected = one_selected(name, schema)?;
        if !wanted.contains(&selected) {
            wanted.push(selected);
        }
    }
    Ok(Selection::Only(wanted))
}

fn one_selected(name: &str, schema: &TypeSchema) -> Result<Selected, ApiError> {
    let refused = |message: String| Err(ApiError::invalid_field(".query.select", message));
    let (slug, field) = name.split_once('.').map_or((name, None), |(slug, field)| (slug, Some(field)));
    let Some(property) = schema.property(slug) else {
        let known = schema.properties.iter().map(|property| property.slug.as_str());
        let shown: String = slug.chars().take(40).collect();
        let advice = nearest(slug, known).map_or_else(String::new, |known| format!(" Did you mean {known:?}?"));
        return refused(format!("select: {} has no property {shown:?}.{advice}", schema.object_type));
    };
    match (field, property.property_type) {
        (None, _) => Ok(Selected::Value(slug.to_owned())),
        (Some("email"), PropertyType::EmailAddresses) => Ok(Selected::Addresses(slug.to_owned())),
        (Some(_), _) => refused(format!(
            "select: properties of what {slug:?} points at cannot be selected; select {slug:?}, which gives the ids."
        )),
    }
}

/// The values of `body` that are asked for, as JSON. What the record has no value for is left out.
pub(crate) fn selected_values(body: &str, selection: &Selection, team_id: TeamId) -> String {
    let Selection::Only(wanted) = selection else { return body.to_owned() };
    let members: Vec<(Cow<'_, str>, &str)> = json::members(body).collect();
    let value_of = |slug: &str| members.iter().find(|(member, _)| member == slug).map(|(_, raw)| *raw);
    let mut writer = BodyWriter::with_capacity(body.len());
    for selected in wanted {
        match selected {
            Selected::Value(slug) => {
                // Asked for both ways, the addresses stand once, as records.
                let also_records = wanted.contains(&Selected::Addresses(slug.clone()));
                if let Some(raw) = value_of(slug).filter(|_| !also_records) {
                    writer.push(slug, raw);
                }
            }
            Selected::Addresses(slug) => {
                if let Some(raw) = value_of(slug) {
                    writer.push(slug, &addresses_as_records(raw, team_id));
                }
            }
        }
    }
    writer.finish()
}

/// `["a@x.io"]` as `[{"id": …, "properties": {"email": "a@x.io"}}]`.
fn addresses_as_records(raw: &str, team_id: TeamId) -> String {
    let mut records = String::from("[");
    for (position, address) in json::elements(raw).enumerate() {
        if position > 0 {
            records.push(',');
        }
        records.push_str(r#"{"id":""#);
        records.push_str(&address_id(address, team_id).to_string());
        records.push_str(r#"","properties":{"email":"#);
        records.push_str(address);
        records.push_str("}}");
    }
    records.push(']');
    records
}

/// An address has no record of its own, yet clients expect an id: one made from team and address, always the same.
fn address_id(address: &str, team_id: TeamId) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher.update(team_id.as_bytes()).update(address.as_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::error::RowCode;
    use refract_domain::ids::RecordId;
    use refract_domain::property::Schema;

    use super::*;

    const TEAM: TeamId = TeamId(Uuid::from_u128(1));

    fn a_record() -> Record {
        Record {
            id: RecordId::from_bytes([1; 16]),
            object_type: ObjectType::Contact,
            version: 12,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            body: r#"{"email":"a@x.io","n":1.50}"#.into(),
        }
    }

    fn select(object_type: ObjectType, text: &str) -> Result<Selection, u16> {
        let schema = Schema::builtin(1);
        selection(Some(text), schema.of(object_type)).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn a_written_record_is_shown_whole_with_its_tag() {
        let answer =
            effect_answer(&RecordEffect::Written(WrittenRecord::existing(a_record())), StatusCode::CREATED, "req_1");
        let expected = r#"{"id":"01010101-0101-0101-0101-010101010101","default":{"email":"a@x.io","n":1.50}}"#;
        assert_eq!(answer.status, 201);
        assert_eq!(String::from_utf8(answer.body).expect("text"), expected);
        assert_eq!(answer.headers, [("etag".to_owned(), "\"v12\"".to_owned())]);
    }

    #[test]
    fn each_effect_has_its_status() {
        let status = |effect: RecordEffect| effect_answer(&effect, StatusCode::OK, "req_1").status;
        let refused = RowError::new("default.emial", RowCode::UnknownProperty, "no emial");
        assert_eq!(status(RecordEffect::NotFound), 404);
        assert_eq!(status(RecordEffect::PreconditionFailed), 412);
        assert_eq!(status(RecordEffect::Refused(Box::new(refused.clone()))), 400);
        let deleted =
            effect_answer(&RecordEffect::Written(WrittenRecord::existing(a_record())), StatusCode::NO_CONTENT, "req_1");
        assert_eq!((deleted.status, deleted.body.is_empty()), (204, true));

        let answer = effect_answer(&RecordEffect::Refused(Box::new(refused)), StatusCode::OK, "req_1");
        let body: refract_wire::ErrorBody = serde_json::from_slice(&answer.body).expect("an error");
        assert_eq!(body.code, "invalid_request");
        assert_eq!(body.error.request_id, "req_1");
        assert_eq!(body.error.errors[0].field, ".body.default.emial");
        assert_eq!(body.error.errors[0].code, "unknown_property");
    }

    #[test]
    fn selected_values_come_in_the_order_asked_for() {
        let wanted = select(ObjectType::Contact, "title, id,email,email").expect("known slugs");
        assert_eq!(
            selected_values(r#"{"city":"Oslo","email":"a@x.io","title":"CEO"}"#, &wanted, TEAM),
            r#"{"title":"CEO","email":"a@x.io"}"#
        );
        assert_eq!(selected_values(r#"{"city":"Oslo"}"#, &wanted, TEAM), "{}");
        assert_eq!(selected_values(r#"{"city":"Oslo"}"#, &Selection::All, TEAM), r#"{"city":"Oslo"}"#);
    }

    #[test]
    fn addresses_can_be_read_as_records_with_ids_that_stay() {
        let wanted = select(ObjectType::Identity, "email_addresses.email,email_addresses").expect("known slugs");
        let body = r#"{"email_addresses":["a@x.io","b@x.io"]}"#;
        let read: serde_json::Value = serde_json::from_str(&selected_values(body, &wanted, TEAM)).expect("JSON");
        let addresses = read["email_addresses"].as_array().expect("an array");
        assert_eq!(addresses[1]["properties"]["email"], "b@x.io");
        assert_ne!(addresses[0]["id"], addresses[1]["id"]);
        assert_eq!(selected_values(body, &wanted, TEAM), selected_values(body, &wanted, TEAM));
    }

    #[test]
    fn what_cannot_be_selected_is_refused() {
        assert_eq!(select(ObjectType::Contact, "emial"), Err(400));
        assert_eq!(select(ObjectType::Contact, "company.name"), Err(400));
        assert_eq!(select(ObjectType::Contact, "email.email"), Err(400));
        assert_eq!(select(ObjectType::Contact, ""), Ok(Selection::Only(Vec::new())));
    }
}
