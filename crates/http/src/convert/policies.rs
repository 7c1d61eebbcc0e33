//! The options of an import that decide cases otherwise than is usual: words, and rules by property.

use refract_domain::import::options::UnknownProperties;
use refract_domain::import::policy::{DeletedMatches, Duplicates, OnMissingKey, OnMultiple, PropertyRule, WriteWord};
use serde_json::{Map, Value};

use crate::error::ApiError;

const FIELD: &str = ".body.options";

/// Reads `unknown_properties`.
pub(crate) fn unknown_properties(sent: Option<&Value>) -> Result<Option<UnknownProperties>, ApiError> {
    const ALL: [UnknownProperties; 2] = [UnknownProperties::Fail, UnknownProperties::Ignore];
    word("unknown_properties", sent, &ALL.map(UnknownProperties::name), |name| {
        ALL.into_iter().find(|known| known.name() == name)
    })
}

/// Reads `on_missing_key`.
pub(crate) fn on_missing_key(sent: Option<&Value>) -> Result<Option<OnMissingKey>, ApiError> {
    word("on_missing_key", sent, &OnMissingKey::ALL.map(OnMissingKey::name), OnMissingKey::parse)
}

/// Reads `duplicates`.
pub(crate) fn duplicates(sent: Option<&Value>) -> Result<Option<Duplicates>, ApiError> {
    word("duplicates", sent, &Duplicates::ALL.map(Duplicates::name), Duplicates::parse)
}

/// Reads `on_multiple`.
pub(crate) fn on_multiple(sent: Option<&Value>) -> Result<Option<OnMultiple>, ApiError> {
    word("on_multiple", sent, &OnMultiple::ALL.map(OnMultiple::name), OnMultiple::parse)
}

/// Reads `deleted_matches`.
pub(crate) fn deleted_matches(sent: Option<&Value>) -> Result<Option<DeletedMatches>, ApiError> {
    word("deleted_matches", sent, &DeletedMatches::ALL.map(DeletedMatches::name), DeletedMatches::parse)
}

/// Reads `write`: slug, or `list.` and a slug, to a word. Whether there are such properties is for the engine.
pub(crate) fn write_rules(sent: Option<&Value>) -> Result<Option<Vec<PropertyRule>>, ApiError> {
    let Some(sent) = sent else { return Ok(None) };
    let words = WriteWord::ALL.map(WriteWord::name).join(", ");
    let refused = |name: &str| {
        let message = format!("write is an object: a property's slug and one of {words}.");
        ApiError::invalid_field(format!("{FIELD}.write{name}"), message)
    };
    let Value::Object(members) = sent else { return Err(refused("")) };
    let rule = |(name, word): (&String, &Value)| {
        let write = word.as_str().and_then(WriteWord::parse).ok_or_else(|| refused(&format!(".{name}")))?;
        let (in_list, slug) = name.strip_prefix("list.").map_or((false, name.as_str()), |slug| (true, slug));
        Ok(PropertyRule { in_list, slug: slug.to_owned(), write })
    };
    members.iter().map(rule).collect::<Result<_, _>>().map(Some)
}

/// The rules as they are sent.
pub(crate) fn shown_rules(rules: &[PropertyRule]) -> Option<Map<String, Value>> {
    let shown = rules.iter().map(|rule| {
        let name = if rule.in_list { format!("list.{}", rule.slug) } else { rule.slug.clone() };
        (name, Value::from(rule.write.name()))
    });
    (!rules.is_empty()).then(|| shown.collect())
}

fn word<T>(
    name: &str,
    sent: Option<&Value>,
    words: &[&str],
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let Some(sent) = sent else { return Ok(None) };
    let read = sent.as_str().and_then(parse);
    read.map(Some).ok_or_else(|| {
        ApiError::invalid_field(format!("{FIELD}.{name}"), format!("{name} is one of {}.", words.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_read_and_others_refused() {
        assert_eq!(on_multiple(Some(&json!("oldest"))).ok(), Some(Some(OnMultiple::Oldest)));
        assert_eq!(deleted_matches(Some(&json!("restore"))).ok(), Some(Some(DeletedMatches::Restore)));
        assert_eq!(on_missing_key(None).ok(), Some(None));
        assert_eq!(unknown_properties(Some(&json!("ignore"))).ok(), Some(Some(UnknownProperties::Ignore)));
        for bad in [json!("drop"), json!(null), json!(true)] {
            let refused = on_missing_key(Some(&bad)).expect_err("no word").kept("r").body;
            assert!(String::from_utf8_lossy(&refused).contains("one of create, fail"), "{bad}");
        }
    }

    #[test]
    fn rules_are_shown_as_they_are_sent() {
        let sent = json!({"email": "fill_if_empty", "list.app_stage": "replace"});
        let rules = write_rules(Some(&sent)).ok().flatten().expect("rules");
        assert_eq!(shown_rules(&rules).map(Value::Object), Some(sent));
        assert!(rules.iter().any(|rule| rule.in_list && rule.slug == "app_stage"));
        assert_eq!(shown_rules(&[]), None);
        for bad in [json!([]), json!({"email": "add"}), json!({"email": 1})] {
            assert!(write_rules(Some(&bad)).is_err(), "{bad}");
        }
    }
}
