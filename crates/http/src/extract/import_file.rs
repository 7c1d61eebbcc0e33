//! The body of an import that is a file, alone or in a form, with its options wherever they stand.

use std::sync::Arc;

use http::Uri;
use serde_json::{Map, Value};

use super::body::BodyReader;
use super::file_body::{FileBytes, Form, FormPart};
use super::file_rows::{FileFacts, RowsInto, read_file};
use super::media::{FileMedia, ImportMedia, file_media};
use super::query::Query;
use crate::convert::reading::{Reading, refuse_late};
use crate::error::ApiError;
use crate::state::Api;

/// A file that was read.
pub(crate) struct ReadFile {
    pub(crate) facts: FileFacts,
    pub(crate) reading: Reading,
    /// The options that every import has, as they were sent.
    pub(crate) members: Map<String, Value>,
}

/// Reads the file in a body; its rows go where `into` says.
pub(crate) async fn read_import_file(
    api: &Arc<Api>,
    uri: &Uri,
    media: &ImportMedia,
    reader: BodyReader,
    into: &mut RowsInto<'_>,
) -> Result<ReadFile, ApiError> {
    let mut members = query_members(uri)?;
    let mut reading = Reading::default();
    match media {
        ImportMedia::Form { boundary } => {
            let form = Form::new(reader, boundary.clone());
            let facts = read_form(api, form, &mut reading, &mut members, into).await?;
            Ok(ReadFile { facts, reading, members })
        }
        ImportMedia::File(media) => {
            reading.take(&mut members)?;
            let facts = read_file(api, media, &reading, FileBytes::Body(reader), into).await?;
            Ok(ReadFile { facts, reading, members })
        }
        ImportMedia::Json => Err(ApiError::internal()),
    }
}

async fn read_form(
    api: &Arc<Api>,
    mut form: Form,
    reading: &mut Reading,
    members: &mut Map<String, Value>,
    into: &mut RowsInto<'_>,
) -> Result<FileFacts, ApiError> {
    let mut facts = None;
    while let Some(part) = form.next().await? {
        match part {
            FormPart::Field { name, text } => {
                // Boundaries differ from one sending to the next; what the parts say does not.
                into.note(name.as_bytes());
                into.note(text.as_bytes());
                add_field(members, &name, &text)?;
                if facts.is_some() {
                    refuse_late(members)?;
                }
            }
            FormPart::File { .. } if facts.is_some() => {
                return Err(ApiError::invalid_request("The form holds two files; send one import for each."));
            }
            FormPart::File { file_name, content_type, bytes } => {
                reading.take(members)?;
                let media: FileMedia = file_media(content_type.as_deref(), file_name.as_deref())?;
                facts = Some(read_file(api, &media, reading, *bytes, into).await?);
                if into.is_full() {
                    break;
                }
            }
        }
    }
    reading.take(members)?;
    facts.ok_or_else(|| ApiError::invalid_request("The form holds no file; send it as the part \"file\"."))
}

/// The options in a query: `options` as JSON, or each under its own name.
fn query_members(uri: &Uri) -> Result<Map<String, Value>, ApiError> {
    let mut members = Map::new();
    for (name, text) in Query::of(uri)?.pairs() {
        add_field(&mut members, name, text)?;
    }
    Ok(members)
}

/// Adds `options`, a JSON object, or a single option; one that is there already is refused.
fn add_field(members: &mut Map<String, Value>, name: &str, text: &str) -> Result<(), ApiError> {
    if name != "options" {
        return add(members, name.to_owned(), value_of(name, text)?);
    }
    let not_an_object = || ApiError::invalid_field(".body.options", "options must be a JSON object.");
    let read: Value = serde_json::from_str(text).map_err(|_| not_an_object())?;
    match read {
        Value::Object(sent) => sent.into_iter().try_for_each(|(name, value)| add(members, name, value)),
        Value::Null => Ok(()),
        _ => Err(not_an_object()),
    }
}

fn add(members: &mut Map<String, Value>, name: String, value: Value) -> Result<(), ApiError> {
    if members.contains_key(&name) {
        let message = format!("The option {name:?} is given twice; give it once.");
        return Err(ApiError::invalid("duplicate_key", format!(".body.options.{name}"), message));
    }
    members.insert(name, value);
    Ok(())
}

/// What a field's text means: flags and numbers are written as JSON writes them, a mapping is JSON, all else is text.
fn value_of(name: &str, text: &str) -> Result<Value, ApiError> {
    match text {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if name == "mapping" => serde_json::from_str(text).map_err(|_| {
            ApiError::invalid_field(".body.options.mapping", "mapping must be a JSON object, column to slug.")
        }),
        _ => Ok(Value::String(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(query: &str) -> Result<Map<String, Value>, u16> {
        let uri = format!("/x?{query}").parse().expect("a path");
        query_members(&uri).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn options_stand_under_their_names_or_together() {
        let read = members("dedupe_by=email&update_existing=true&header=false").expect("options");
        assert_eq!(
            Value::Object(read),
            serde_json::json!({"dedupe_by": "email", "update_existing": true, "header": false})
        );
        let read = members("options=%7B%22dedupe_by%22%3A%22email%22%7D&delimiter=%3B").expect("options");
        assert_eq!(Value::Object(read), serde_json::json!({"dedupe_by": "email", "delimiter": ";"}));
        assert_eq!(members("dedupe_by=a&options=%7B%22dedupe_by%22%3A%22b%22%7D"), Err(400));
        assert_eq!(members("options=5"), Err(400));
        assert_eq!(members("mapping=email"), Err(400));
    }

    #[test]
    fn the_options_of_files_are_taken_out() {
        let mut members = members("delimiter=tab&quote=&header=true&decimal_mark=,&dedupe_by=email").expect("options");
        let mut reading = Reading::default();
        reading.take(&mut members).expect("options");
        assert_eq!((reading.delimiter, reading.quote, reading.header), (Some(b'\t'), Some(None), Some(true)));
        assert_eq!(members.keys().collect::<Vec<_>>(), ["dedupe_by"]);
        for bad in ["delimiter=ab", "date_format=tomorrow", "decimal_mark=x", "empty_cells=drop", "header=perhaps"] {
            let mut members = self::members(bad).expect("options");
            assert!(Reading::default().take(&mut members).is_err(), "{bad}");
        }
    }
}
