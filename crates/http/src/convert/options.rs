//! The options of an import: from the JSON that was sent to what the domain understands.
//!
//! Strict on purpose: a misspelt option must not create 100,000 duplicates. What an option means for the team's schema
//! (is there such a property, such a list) is checked by the engine.

use refract_domain::ids::ListId;
use refract_domain::import::options::{ImportOptions, UnknownProperties};
use refract_domain::property::nearest;
use refract_wire::ImportOptions as SentOptions;
use serde_json::{Map, Value};

use super::reading::FILE_OPTIONS;
use crate::error::ApiError;

const FIELD: &str = ".body.options";
const EXCERPT_CHARS_MAX: usize = 40;

/// Reads the value of `options`; absent and `null` are alike.
pub(crate) fn import_options(sent: Option<&[u8]>) -> Result<ImportOptions, ApiError> {
    let Some(sent) = sent else { return Ok(ImportOptions::default()) };
    // The splitter has checked the JSON; only numbers beyond f64 can still be refused.
    let value: Value = serde_json::from_slice(sent)
        .map_err(|error| ApiError::invalid_field(FIELD, format!("options cannot be read: {error}.")))?;
    match value {
        Value::Null => Ok(ImportOptions::default()),
        Value::Object(members) => options_of(members),
        _ => Err(ApiError::invalid_field(FIELD, "options must be an object.")),
    }
}

/// Reads the members of `options`.
pub(crate) fn options_of(members: Map<String, Value>) -> Result<ImportOptions, ApiError> {
    let options = SentOptions::of(members);
    if let Some(name) = options.unknown.first() {
        return Err(unknown_option(name));
    }
    let defaults = ImportOptions::default();
    Ok(ImportOptions {
        dedupe_by: dedupe_by(options.dedupe_by)?,
        case_insensitive: flag("caseInsensitive", options.case_insensitive)?.unwrap_or(defaults.case_insensitive),
        update_existing: flag("update_existing", options.update_existing)?.unwrap_or(defaults.update_existing),
        create_missing_options: flag("create_missing_options", options.create_missing_options)?
            .unwrap_or(defaults.create_missing_options),
        require_list_stage: flag("require_list_stage", options.require_list_stage)?
            .unwrap_or(defaults.require_list_stage),
        list_id: list_id(options.list_id, options.crm_id)?,
        unknown_properties: unknown_properties(options.unknown_properties)?,
        ..defaults
    })
}

fn unknown_properties(sent: Option<Value>) -> Result<UnknownProperties, ApiError> {
    match sent.as_ref().map(Value::as_str) {
        None | Some(Some("fail")) => Ok(UnknownProperties::Fail),
        Some(Some("ignore")) => Ok(UnknownProperties::Ignore),
        Some(_) => {
            let message = "unknown_properties is \"fail\" or \"ignore\".";
            Err(ApiError::invalid_field(format!("{FIELD}.unknown_properties"), message))
        }
    }
}

fn unknown_option(name: &str) -> ApiError {
    let shown: String = name.chars().take(EXCERPT_CHARS_MAX).collect();
    if FILE_OPTIONS.contains(&name) {
        let message = format!("{name} is for files; JSON says itself what goes where.");
        return ApiError::invalid_field(format!("{FIELD}.{name}"), message);
    }
    let advice = match nearest(name, SentOptions::NAMES.into_iter()) {
        Some(known) => format!("did you mean {known:?}?"),
        None => format!("there are {}.", SentOptions::NAMES.join(", ")),
    };
    ApiError::invalid_field(format!("{FIELD}.{shown}"), format!("There is no option {shown:?}; {advice}"))
}

fn dedupe_by(sent: Option<Value>) -> Result<Option<String>, ApiError> {
    let refused = |message: &str| ApiError::invalid_field(format!("{FIELD}.dedupe_by"), message);
    let slug = match sent {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(slugs)) => {
            let mut slugs = slugs.into_iter();
            match (slugs.next(), slugs.next()) {
                (None, _) => return Ok(None),
                (Some(slug), None) => slug,
                _ => {
                    return Err(refused(
                        "dedupe_by takes one property. Put what identifies a row into one property, or import with one \
                         of them first and with update_existing by the other afterwards.",
                    ));
                }
            }
        }
        Some(slug) => slug,
    };
    match slug {
        Value::String(slug) if !slug.is_empty() => Ok(Some(slug)),
        _ => Err(refused("dedupe_by must be a property's slug, as text or as an array of one text.")),
    }
}

fn flag(name: &str, sent: Option<Value>) -> Result<Option<bool>, ApiError> {
    match sent {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(ApiError::invalid_field(format!("{FIELD}.{name}"), format!("{name} must be true or false."))),
    }
}

fn list_id(list_id: Option<Value>, crm_id: Option<Value>) -> Result<Option<ListId>, ApiError> {
    let (list_id, crm_id) = (one_list_id("list_id", list_id)?, one_list_id("crm_id", crm_id)?);
    if let (Some(new), Some(old)) = (list_id, crm_id)
        && new != old
    {
        let message = "crm_id is the older name of list_id, and the two differ; send list_id alone.";
        return Err(ApiError::invalid_field(format!("{FIELD}.crm_id"), message));
    }
    Ok(list_id.or(crm_id))
}

fn one_list_id(name: &str, sent: Option<Value>) -> Result<Option<ListId>, ApiError> {
    let parsed = match &sent {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => ListId::parse(text),
        Some(_) => None,
    };
    parsed.map(Some).ok_or_else(|| {
        ApiError::invalid_field(format!("{FIELD}.{name}"), format!("{name} must be a list's id, a uuid."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "0b8f2d6e-0000-4000-8000-000000000001";

    fn read(text: &str) -> Result<ImportOptions, String> {
        import_options(Some(text.as_bytes())).map_err(|error| {
            let body = error.kept("req_1").body;
            assert_eq!(error.status(), 400);
            String::from_utf8(body).expect("text")
        })
    }

    #[test]
    fn absent_options_are_the_defaults() {
        let defaults = ImportOptions::default();
        assert_eq!(import_options(None).ok(), Some(defaults.clone()));
        for text in [
            "null",
            "{}",
            r#"{"dedupe_by":null}"#,
            r#"{"dedupe_by":[]}"#,
            r#"{"dedupe_type":"str"}"#,
            r#"{"list_id":null}"#,
        ] {
            assert_eq!(read(text), Ok(defaults.clone()), "{text}");
        }
    }

    #[test]
    fn every_option_is_read() {
        let text = format!(
            r#"{{"dedupe_by":["email"],"caseInsensitive":false,"update_existing":true,"create_missing_options":true,
               "require_list_stage":true,"list_id":"{LIST}","crm_id":"{LIST}","dedupe_type":5}}"#
        );
        let expected = ImportOptions {
            dedupe_by: Some("email".into()),
            case_insensitive: false,
            update_existing: true,
            create_missing_options: true,
            require_list_stage: true,
            list_id: ListId::parse(LIST),
            ..ImportOptions::default()
        };
        assert_eq!(read(&text), Ok(expected));
        assert_eq!(read(&format!(r#"{{"crm_id":"{LIST}"}}"#)).map(|options| options.list_id), Ok(ListId::parse(LIST)));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        let cases = [
            ("[]", "object"),
            ("\"email\"", "object"),
            (r#"{"dedupeBy":"email"}"#, "dedupe_by"),
            (r#"{"case_insensitive":true}"#, "caseInsensitive"),
            (r#"{"zzzz":1}"#, "update_existing"),
            (r#"{"dedupe_by":["a","b"]}"#, "one property"),
            (r#"{"dedupe_by":""}"#, "dedupe_by"),
            (r#"{"dedupe_by":[null]}"#, "dedupe_by"),
            (r#"{"dedupe_by":5}"#, "dedupe_by"),
            (r#"{"caseInsensitive":"yes"}"#, "caseInsensitive"),
            (r#"{"update_existing":1}"#, "update_existing"),
            (r#"{"create_missing_options":null}"#, "create_missing_options"),
            (r#"{"list_id":"sales"}"#, "list_id"),
            (
                r#"{"list_id":"0b8f2d6e-0000-4000-8000-000000000001","crm_id":"0b8f2d6e-0000-4000-8000-000000000002"}"#,
                "crm_id",
            ),
        ];
        for (text, named) in cases {
            let answer = read(text).expect_err(text);
            assert!(answer.contains(named) && answer.contains("invalid_request"), "{text}: {answer}");
        }
    }
}
