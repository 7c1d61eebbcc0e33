//! The options of an import: from the JSON that was sent to what the domain understands.
//!
//! Strict on purpose: a misspelt option must not create 100,000 duplicates. What an option means for the team's schema
//! (is there such a property, such a list) is checked by the engine.

use refract_domain::ids::ListId;
use refract_domain::import::options::{ImportOptions, UnknownProperties};
use refract_domain::import::policy::{DeletedMatches, Duplicates, OnMissingKey, OnMultiple, PropertyRule};
use refract_domain::import::table::SchemaToBe;
use refract_domain::modelling::NewProperty;
use refract_domain::object_type::ObjectType;
use refract_domain::property::nearest;
use refract_wire::{ImportOptions as SentOptions, ImportRequestOptions};
use serde_json::{Map, Value};

use super::policies::{
    deleted_matches, duplicates, on_missing_key, on_multiple, shown_rules, unknown_properties, write_rules,
};
use super::reading::{FILE_OPTIONS, Reading, refuse_late};
use crate::error::ApiError;

const FIELD: &str = ".body.options";
const EXCERPT_CHARS_MAX: usize = 40;

/// Reads the value of `options`; absent and `null` are alike.
pub(crate) fn import_options(sent: Option<&[u8]>) -> Result<Asked, ApiError> {
    let Some(sent) = sent else { return Ok(Asked::default()) };
    // The splitter has checked the JSON; only numbers beyond f64 can still be refused.
    let value: Value = serde_json::from_slice(sent)
        .map_err(|error| ApiError::invalid_field(FIELD, format!("options cannot be read: {error}.")))?;
    match value {
        Value::Null => Ok(Asked::default()),
        Value::Object(members) => options_of(members),
        _ => Err(ApiError::invalid_field(FIELD, "options must be an object.")),
    }
}

/// Reads the members of `options`.
pub(crate) fn options_of(members: Map<String, Value>) -> Result<Asked, ApiError> {
    let patch = patch_of(members)?;
    let dry_run = patch.dry_run.unwrap_or(false);
    Ok(Asked { options: patch.applied_to(ImportOptions::default()), dry_run, new_properties: Vec::new() })
}

/// Options that take the place of others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OptionsPatch {
    dedupe_by: Option<Option<String>>,
    case_insensitive: Option<bool>,
    update_existing: Option<bool>,
    create_missing_options: Option<bool>,
    require_list_stage: Option<bool>,
    list_id: Option<Option<ListId>>,
    unknown_properties: Option<UnknownProperties>,
    on_missing_key: Option<OnMissingKey>,
    on_multiple: Option<OnMultiple>,
    deleted_matches: Option<DeletedMatches>,
    duplicates: Option<Duplicates>,
    atomic: Option<bool>,
    write: Option<Vec<PropertyRule>>,
    dry_run: Option<bool>,
}

/// What is asked of an import.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) options: ImportOptions,
    /// Only to say what it would do.
    pub(crate) dry_run: bool,
    /// Properties that are made before.
    pub(crate) new_properties: Vec<NewProperty>,
}

impl OptionsPatch {
    /// The options with these in their place.
    pub(crate) fn applied_to(self, options: ImportOptions) -> ImportOptions {
        ImportOptions {
            dedupe_by: self.dedupe_by.unwrap_or(options.dedupe_by),
            case_insensitive: self.case_insensitive.unwrap_or(options.case_insensitive),
            update_existing: self.update_existing.unwrap_or(options.update_existing),
            create_missing_options: self.create_missing_options.unwrap_or(options.create_missing_options),
            require_list_stage: self.require_list_stage.unwrap_or(options.require_list_stage),
            list_id: self.list_id.unwrap_or(options.list_id),
            unknown_properties: self.unknown_properties.unwrap_or(options.unknown_properties),
            on_missing_key: self.on_missing_key.unwrap_or(options.on_missing_key),
            on_multiple: self.on_multiple.unwrap_or(options.on_multiple),
            deleted_matches: self.deleted_matches.unwrap_or(options.deleted_matches),
            duplicates: self.duplicates.unwrap_or(options.duplicates),
            atomic: self.atomic.unwrap_or(options.atomic),
            write: self.write.unwrap_or(options.write),
            table: options.table,
        }
    }
}

/// What a retry changes: options, and of rows that came in a file what its columns mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct RetryOptions {
    patch: OptionsPatch,
    reading: Option<Reading>,
}

impl RetryOptions {
    /// The options with these in their place.
    ///
    /// # Errors
    /// What is wrong with the mapping, in words.
    pub(crate) fn applied_to(
        self,
        options: ImportOptions,
        to_be: &mut SchemaToBe,
        object_type: ObjectType,
    ) -> Result<ImportOptions, String> {
        let options = self.patch.applied_to(options);
        self.reading.map_or(Ok(options.clone()), |reading| reading.read_again(options, to_be, object_type))
    }
}

/// Reads the body of a retry, where there is one: `{"options": {…}}`.
pub(crate) fn retry_options(body: Option<&[u8]>) -> Result<RetryOptions, ApiError> {
    let Some(body) = body else { return Ok(RetryOptions::default()) };
    let members: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid_field(".body", format!("The body cannot be read: {error}.")))?;
    if let Some(name) = members.keys().find(|name| *name != "options") {
        let shown: String = name.chars().take(EXCERPT_CHARS_MAX).collect();
        let message = format!("A retry takes options, and no {shown:?}.");
        return Err(ApiError::invalid_field(format!(".body.{shown}"), message));
    }
    match members.into_iter().next() {
        None | Some((_, Value::Null)) => Ok(RetryOptions::default()),
        Some((_, Value::Object(mut options))) => {
            refuse_late(&options)?;
            let mut reading = Reading::default();
            let is_for_files = options.keys().any(|name| FILE_OPTIONS.contains(&name.as_str()));
            reading.take(&mut options)?;
            let patch = patch_of(options)?;
            if patch.dry_run == Some(true) {
                let message = "A retry cannot be a dry run. Retry the job, and undo that if need be.";
                return Err(ApiError::invalid_field(format!("{FIELD}.dry_run"), message));
            }
            Ok(RetryOptions { patch, reading: is_for_files.then_some(reading) })
        }
        Some(_) => Err(ApiError::invalid_field(FIELD, "options must be an object.")),
    }
}

fn patch_of(members: Map<String, Value>) -> Result<OptionsPatch, ApiError> {
    let options = SentOptions::of(members);
    if let Some(name) = options.unknown.first() {
        return Err(unknown_option(name));
    }
    let names_a_list = options.list_id.is_some() || options.crm_id.is_some();
    Ok(OptionsPatch {
        dedupe_by: options.dedupe_by.map(|sent| dedupe_by(Some(sent))).transpose()?,
        case_insensitive: flag("caseInsensitive", options.case_insensitive)?,
        update_existing: flag("update_existing", options.update_existing)?,
        create_missing_options: flag("create_missing_options", options.create_missing_options)?,
        require_list_stage: flag("require_list_stage", options.require_list_stage)?,
        list_id: if names_a_list { Some(list_id(options.list_id, options.crm_id)?) } else { None },
        unknown_properties: unknown_properties(options.unknown_properties.as_ref())?,
        on_missing_key: on_missing_key(options.on_missing_key.as_ref())?,
        on_multiple: on_multiple(options.on_multiple.as_ref())?,
        deleted_matches: deleted_matches(options.deleted_matches.as_ref())?,
        duplicates: duplicates(options.duplicates.as_ref())?,
        atomic: flag("atomic", options.atomic)?,
        write: write_rules(options.write.as_ref())?,
        dry_run: flag("dry_run", options.dry_run)?,
    })
}

/// Options as a job shows them: what holds, whether it was sent or is the default.
pub(crate) fn shown_options(options: &ImportOptions) -> ImportRequestOptions {
    let ImportOptions {
        dedupe_by,
        case_insensitive,
        update_existing,
        create_missing_options,
        require_list_stage,
        list_id,
        unknown_properties,
        on_missing_key,
        on_multiple,
        deleted_matches,
        duplicates,
        atomic,
        write,
        // What the columns of a file mean is shown beside the options.
        table: _,
    } = options;
    ImportRequestOptions {
        dedupe_by: dedupe_by.clone(),
        case_insensitive: Some(*case_insensitive),
        list_id: list_id.map(|id| id.to_string()),
        update_existing: Some(*update_existing),
        create_missing_options: Some(*create_missing_options),
        require_list_stage: Some(*require_list_stage),
        unknown_properties: Some(unknown_properties.name().to_owned()),
        on_missing_key: Some(on_missing_key.name().to_owned()),
        on_multiple: Some(on_multiple.name().to_owned()),
        deleted_matches: Some(deleted_matches.name().to_owned()),
        duplicates: Some(duplicates.name().to_owned()),
        atomic: Some(*atomic),
        // The kind of the job says it.
        dry_run: None,
        write: shown_rules(write),
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
    use refract_domain::property::Schema;

    use super::*;

    const LIST: &str = "0b8f2d6e-0000-4000-8000-000000000001";

    fn read(text: &str) -> Result<ImportOptions, String> {
        import_options(Some(text.as_bytes())).map(|asked| asked.options).map_err(|error| {
            let body = error.kept("req_1").body;
            assert_eq!(error.status(), 400);
            String::from_utf8(body).expect("text")
        })
    }

    #[test]
    fn absent_options_are_the_defaults() {
        let defaults = ImportOptions::default();
        assert_eq!(import_options(None).ok().map(|asked| asked.options), Some(defaults.clone()));
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
               "require_list_stage":true,"list_id":"{LIST}","crm_id":"{LIST}","dedupe_type":5,
               "duplicates":"last","atomic":true,"deleted_matches":"fail","on_missing_key":"skip"}}"#
        );
        let expected = ImportOptions {
            dedupe_by: Some("email".into()),
            case_insensitive: false,
            update_existing: true,
            create_missing_options: true,
            require_list_stage: true,
            list_id: ListId::parse(LIST),
            deleted_matches: DeletedMatches::Fail,
            duplicates: Duplicates::Last,
            atomic: true,
            on_missing_key: OnMissingKey::Skip,
            ..ImportOptions::default()
        };
        assert_eq!(read(&text), Ok(expected.clone()));
        let shown = serde_json::to_string(&shown_options(&expected)).expect("plain data");
        assert_eq!(read(&shown), Ok(expected), "what is shown can be sent");
        assert_eq!(read(&format!(r#"{{"crm_id":"{LIST}"}}"#)).map(|options| options.list_id), Ok(ListId::parse(LIST)));
    }

    #[test]
    fn a_dry_run_is_asked_for_beside_the_options() {
        let asked = |text: &str| import_options(Some(text.as_bytes())).map(|asked| asked.dry_run).ok();
        assert_eq!(asked(r#"{"dry_run":true}"#), Some(true));
        assert_eq!(asked(r#"{"dry_run":false,"atomic":true}"#), Some(false));
        assert_eq!(asked(r#"{"dry_run":1}"#), None);
        assert!(retry_options(Some(br#"{"options":{"dry_run":true}}"#)).is_err());
    }

    #[test]
    fn options_of_a_retry_take_the_place_of_others() {
        let old = ImportOptions { dedupe_by: Some("email".into()), update_existing: true, ..ImportOptions::default() };
        let schema = std::sync::Arc::new(Schema::builtin(1));
        let read = |body: Option<&str>| {
            let changes = retry_options(body.map(str::as_bytes)).ok()?;
            let mut to_be = SchemaToBe::new(std::sync::Arc::clone(&schema), ObjectType::Contact);
            changes.applied_to(old.clone(), &mut to_be, ObjectType::Contact).ok()
        };
        let patched = |body: &str| read(Some(body));
        assert_eq!(read(None), Some(old.clone()));
        assert_eq!(patched(r#"{"options":{"mapping":{"a":"email"}}}"#), None, "rows of JSON have no columns");
        assert!(retry_options(Some(br#"{"options":{"delimiter":";"}}"#)).is_err(), "the file was read");
        assert_eq!(patched("{}"), Some(old.clone()));
        assert_eq!(patched(r#"{"options":null}"#), Some(old.clone()));
        let expected = ImportOptions { update_existing: false, create_missing_options: true, ..old.clone() };
        assert_eq!(patched(r#"{"options":{"update_existing":false,"create_missing_options":true}}"#), Some(expected));
        let expected = ImportOptions { dedupe_by: None, list_id: ListId::parse(LIST), ..old.clone() };
        assert_eq!(patched(&format!(r#"{{"options":{{"dedupe_by":null,"list_id":"{LIST}"}}}}"#)), Some(expected));
        for wrong in [r#"{"option":{}}"#, r#"{"options":5}"#, r#"{"options":{"x":1}}"#, "[]"] {
            assert_eq!(patched(wrong), None, "{wrong}");
        }
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
            (r#"{"duplicates":"newest"}"#, "sequential, first, last"),
            (r#"{"deleted_matches":true}"#, "ignore, restore, fail"),
            (r#"{"atomic":"yes"}"#, "atomic"),
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
