//! Headers that say how a body is to be read, checked before any of it is.

use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};
use http::{HeaderMap, StatusCode};
use refract_domain::record::Precondition;

use super::decode::Encoding;
use crate::error::ApiError;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Checks that the body is said to be JSON in UTF-8.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let is_json = match (values.next().map(HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => is_json_in_utf8(value),
        _ => false,
    };
    if is_json {
        return Ok(());
    }
    let message = "The body must be sent as `Content-Type: application/json`, in UTF-8.";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
}

fn is_json_in_utf8(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/json"));
    is_json && parts.filter(|parameter| !parameter.is_empty()).all(is_fine_parameter)
}

fn is_fine_parameter(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

/// The coding of the body.
pub(crate) fn content_encoding(headers: &HeaderMap) -> Result<Encoding, ApiError> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let first = values.next().map_or(&b""[..], HeaderValue::as_bytes);
    if values.next().is_some() {
        let message = "Content-Encoding stands twice; send the body plain, or with one of gzip and zstd.";
        let error = ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message);
        return Err(error.with_header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd")));
    }
    Ok(Encoding::from_header(first)?)
}

/// Refuses a body that is said to be over `bytes_max` before a byte of it is read.
pub(crate) fn check_content_length(headers: &HeaderMap, bytes_max: u64) -> Result<(), ApiError> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > bytes_max => Err(ApiError::payload_too_large(format!(
            "The body has {length} bytes, and {bytes_max} are allowed; split it into several."
        ))),
        _ => Ok(()),
    }
}

/// Whether the caller would rather have a job than an answer with results (`Prefer: respond-async`, RFC 7240).
pub(crate) fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| {
        let name = preference.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("respond-async")
    })
}

/// What `If-Match` demands. A tag that no record of ours can have fails for every record.
pub(crate) fn precondition(headers: &HeaderMap) -> Precondition {
    let mut values = headers.get_all(IF_MATCH).iter();
    match (values.next(), values.next()) {
        (None, _) => Precondition::None,
        (Some(_), Some(_)) => Precondition::Never,
        (Some(value), None) => match value.to_str().map(str::trim) {
            Ok("*") => Precondition::Exists,
            Ok(tag) => version_of_tag(tag).map_or(Precondition::Never, Precondition::Version),
            Err(_) => Precondition::Never,
        },
    }
}

/// Whether the caller has the answer of this tag already (`If-None-Match`, compared weakly); `None` when it says nothing.
pub(crate) fn has_already(headers: &HeaderMap, tag: &str) -> Option<bool> {
    let mut values = headers.get_all(IF_NONE_MATCH).iter().peekable();
    values.peek()?;
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = weak(tag);
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    Some(tags.any(|given| given.trim() == "*" || weak(given) == wanted))
}

fn version_of_tag(tag: &str) -> Option<u64> {
    let digits = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    // `parse` would take a sign and leading zeros, and no record has such a tag.
    let version: u64 = digits.parse().ok()?;
    (version.to_string() == digits).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).expect("a header"));
        }
        headers
    }

    #[test]
    fn only_json_in_utf8_is_taken() {
        let fine = |values: &[&str]| require_json(&headers(CONTENT_TYPE, values)).is_ok();
        assert!(fine(&["application/json"]));
        assert!(fine(&["Application/JSON; charset=\"UTF-8\""]));
        assert!(fine(&["application/json; profile=x;"]));
        for bad in [
            &[][..],
            &["text/plain"],
            &["application/xml"],
            &["application/json; charset=utf-16"],
            &["application/json", "text/plain"],
        ] {
            assert!(!fine(bad), "{bad:?}");
        }
    }

    #[test]
    fn one_coding_of_two_is_taken() {
        let of = |values: &[&str]| content_encoding(&headers(CONTENT_ENCODING, values)).ok();
        assert_eq!(of(&[]), Some(Encoding::Identity));
        assert_eq!(of(&["GZIP"]), Some(Encoding::Gzip));
        assert_eq!(of(&["zstd"]), Some(Encoding::Zstd));
        for bad in [&["br"][..], &["compress"], &["gzip, gzip"], &["gzip", "gzip"]] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_unread() {
        assert!(check_content_length(&headers(CONTENT_LENGTH, &["10"]), 10).is_ok());
        assert!(check_content_length(&headers(CONTENT_LENGTH, &["11"]), 10).is_err());
        assert!(check_content_length(&HeaderMap::new(), 10).is_ok());
    }

    #[test]
    fn a_preference_is_found_among_others() {
        assert!(prefers_async(&headers(PREFER, &["handling=lenient, Respond-Async; x=1"])));
        assert!(!prefers_async(&headers(PREFER, &["respond-async-please", "wait=10"])));
    }

    #[test]
    fn a_tag_that_the_caller_has_is_known_however_weak() {
        let of = |values: &[&str]| has_already(&headers(IF_NONE_MATCH, values), "W/\"complete-5\"");
        assert_eq!(of(&[]), None);
        for known in [&["W/\"complete-5\""][..], &["\"complete-5\""], &["\"x\", W/\"complete-5\""], &["\"x\"", "*"]] {
            assert_eq!(of(known), Some(true), "{known:?}");
        }
        assert_eq!(of(&["W/\"complete-4\""]), Some(false));
    }

    #[test]
    fn tags_become_versions_and_foreign_tags_fit_no_record() {
        let of = |values: &[&str]| precondition(&headers(IF_MATCH, values));
        assert_eq!(of(&[]), Precondition::None);
        assert_eq!(of(&["*"]), Precondition::Exists);
        assert_eq!(of(&["\"v12\""]), Precondition::Version(12));
        for never in [
            &["W/\"v12\""][..],
            &["\"12\""],
            &["v12"],
            &["\"v+12\""],
            &["\"v012\""],
            &["\"v1\"", "\"v2\""],
            &["\"v1\", \"v2\""],
        ] {
            assert_eq!(of(never), Precondition::Never, "{never:?}");
        }
    }
}
