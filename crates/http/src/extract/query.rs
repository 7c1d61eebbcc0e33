//! The query of a request, name by name. Names nobody asks for are left alone, as clients send hints of their own.

use std::time::Duration;

use http::Uri;
use refract_domain::clock::Timestamp;
use refract_domain::ids::ListId;

use crate::convert::time::instant;
use crate::error::ApiError;

/// The name of a list's id, and those it had (contract §1.6).
pub(crate) const LIST_ID_NAMES: [&str; 4] = ["list_id", "crm_id", "listId", "crmId"];

/// A request's query, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Result<Self, ApiError> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        pairs.map(|pairs| Self(pairs.0)).map_err(|_| {
            ApiError::invalid_field(".query", "The query is not form-encoded UTF-8; encode names and values.")
        })
    }

    /// The last value of this name; an empty one counts as absent, as some clients send those for nothing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of all names, as they were sent.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// A list's id under `list_id` or an older name of it.
    pub(crate) fn list_id(&self) -> Result<Option<ListId>, ApiError> {
        let Some(text) = LIST_ID_NAMES.iter().find_map(|name| self.get(name)) else { return Ok(None) };
        let parsed = ListId::parse(text);
        parsed
            .map(Some)
            .ok_or_else(|| ApiError::invalid_field(".query.list_id", "list_id must be a list's id, a uuid."))
    }

    /// A whole number from 1 on.
    pub(crate) fn positive(&self, name: &str) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse::<u32>().ok().filter(|number| *number > 0);
        number.map(Some).ok_or_else(|| {
            ApiError::invalid_field(format!(".query.{name}"), format!("{name} must be a whole number from 1 on."))
        })
    }

    /// One of some words.
    pub(crate) fn word<T>(
        &self,
        name: &str,
        words: &[&str],
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| {
            let message = format!("{name} must be one of {}.", words.join(", "));
            ApiError::invalid_field(format!(".query.{name}"), message)
        })
    }

    /// How long to wait: seconds, as in `30s`; more than `most` is `most`.
    pub(crate) fn wait(&self, most: Duration) -> Result<Option<Duration>, ApiError> {
        let Some(text) = self.get("wait") else { return Ok(None) };
        let digits = text.strip_suffix('s').unwrap_or(text);
        let seconds = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten();
        seconds
            .map(|seconds| Some(Duration::from_secs(seconds).min(most)))
            .ok_or_else(|| ApiError::invalid_field(".query.wait", "wait must be a number of seconds, as in 30s."))
    }

    /// An instant, as RFC 3339 writes it.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        instant(text).map(Some).ok_or_else(|| {
            let message = format!("{name} must be an instant as in 2026-07-01T10:00:00Z; encode a + as %2B.");
            ApiError::invalid_field(format!(".query.{name}"), message)
        })
    }

    /// A yes or no: `true`, `1`, `false`, `0`.
    pub(crate) fn flag(&self, name: &str, when_absent: bool) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(when_absent),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(ApiError::invalid_field(format!(".query.{name}"), format!("{name} must be true or false."))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&format!("/x?{text}").parse().expect("a path")).expect("a query")
    }

    #[test]
    fn values_are_decoded_and_empty_ones_are_absent() {
        let read = query("select=a%2Cb&term=two+words&empty=");
        assert_eq!(read.get("select"), Some("a,b"));
        assert_eq!(read.get("term"), Some("two words"));
        assert_eq!(read.get("empty"), None);
    }

    #[test]
    fn numbers_words_and_instants_are_checked() {
        let read = query("limit=5&zero=0&minus=-1&at=2026-07-01T10:00:00.120Z&day=2026-07-01&word=b");
        assert_eq!(read.positive("limit").ok(), Some(Some(5)));
        assert_eq!(read.positive("absent").ok(), Some(None));
        assert!(read.positive("zero").is_err() && read.positive("minus").is_err());
        assert_eq!(read.instant("at").ok(), Some(Some(Timestamp(1_782_900_000_120))));
        assert!(read.instant("day").is_err());
        let most = Duration::from_secs(60);
        for (text, expected) in [("wait=30s", Some(30)), ("wait=7", Some(7)), ("wait=999s", Some(60)), ("", None)] {
            assert_eq!(query(text).wait(most).ok(), Some(expected.map(Duration::from_secs)), "{text}");
        }
        for wrong in ["wait=s", "wait=-1", "wait=%2B5", "wait=1m"] {
            assert!(query(wrong).wait(most).is_err(), "{wrong}");
        }
        assert_eq!(read.word("word", &["a", "b"], |word| (word == "b").then_some(2)).ok(), Some(Some(2)));
        assert!(read.word("word", &["a"], |word| (word == "a").then_some(1)).is_err());
    }

    #[test]
    fn flags_and_lists_are_checked() {
        assert_eq!(query("include_options=0").flag("include_options", true).ok(), Some(false));
        assert_eq!(query("").flag("include_options", true).ok(), Some(true));
        assert!(query("include_options=yes").flag("include_options", true).is_err());
        assert!(query("list_id=sales").list_id().is_err());
        assert_eq!(query("").list_id().ok(), Some(None));
        let id = "0b8f2d6e-0000-4000-8000-000000000001";
        for name in LIST_ID_NAMES {
            let read = query(&format!("{name}={id}")).list_id().expect("an id");
            assert_eq!(read.map(|list_id| list_id.to_string()).as_deref(), Some(id), "{name}");
        }
    }
}
