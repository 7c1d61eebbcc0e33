//! What a path under `/v2/prism` names. Segments are split first and decoded once afterwards, so an encoded slash or dot
//! can never lead to another team.

use http::header::{ALLOW, HeaderValue};
use http::{StatusCode, Uri};
use refract_domain::ids::{JobId, ListId, OptionId, PropertyId, RecordId, TeamId, ViewId};
use refract_domain::modelling::PropertyName;
use refract_domain::object_type::ObjectType;

use crate::error::ApiError;

const PREFIX: &str = "/v2/prism/";

/// What stood before the team in the older routes (contract §1.6), where the type still follows it.
const OLDER_PREFIXES: [&str; 3] = ["query/", "metadata/properties/", "grant/"];

/// The segments of a path from the team on, decoded. A segment that is not UTF-8 once decoded is `None`.
#[derive(Debug, Clone)]
pub(crate) struct ApiPath(Vec<Option<String>>);

impl ApiPath {
    pub(crate) fn of(uri: &Uri) -> Self {
        let rest = uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let rest = OLDER_PREFIXES.iter().find_map(|older| rest.strip_prefix(older)).unwrap_or(rest);
        let mut segments: Vec<_> = rest.split('/').map(decoded).collect();
        // Views stood before their type (contract §1.6).
        if rest.split('/').nth(1) == Some("view") && segments.len() > 2 {
            segments.swap(1, 2);
            segments[2] = Some("views".to_owned());
        }
        Self(segments)
    }

    fn segment(&self, position: usize) -> Option<&str> {
        self.0.get(position)?.as_deref()
    }

    /// The team: the first segment.
    pub(crate) fn team_id(&self) -> Option<TeamId> {
        self.segment(0).and_then(TeamId::parse)
    }

    /// The object type: the second segment.
    pub(crate) fn object_type(&self) -> Result<ObjectType, ApiError> {
        self.segment(1).and_then(ObjectType::parse).ok_or_else(|| {
            let known = ObjectType::ALL.map(ObjectType::name).join(", ");
            let message = format!("There is no such object type; there are {known}.");
            ApiError::new(StatusCode::NOT_FOUND, "unknown_object_type", message)
        })
    }

    /// The same where records are granted: 405 for types whose records are not, which take no method there at all.
    pub(crate) fn grantable_type(&self) -> Result<ObjectType, ApiError> {
        let object_type = self.object_type()?;
        if object_type.grantable() {
            return Ok(object_type);
        }
        let message = format!("Grants are not kept of {object_type} records; keys decide who reads and writes them.");
        let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
        Err(error.with_header(ALLOW, HeaderValue::from_static("")))
    }

    /// The import job: the third segment. What is no id is not found either.
    pub(crate) fn job_id(&self) -> Option<JobId> {
        self.segment(2).and_then(JobId::parse)
    }

    /// The list of `/lists/{listId}`: the third segment.
    pub(crate) fn list_id(&self) -> Option<ListId> {
        self.segment(2).and_then(ListId::parse)
    }

    /// The word of `/list-templates/{templateId}`: the third segment.
    pub(crate) fn template_id(&self) -> Option<&str> {
        self.segment(2)
    }

    /// The record: the third segment. What is no id is not found either.
    pub(crate) fn record_id(&self) -> Option<RecordId> {
        self.segment(2).and_then(RecordId::parse)
    }

    /// The property of `/{type}/properties/{propertyId}`: the fourth segment, an id or `app_stage`.
    pub(crate) fn property(&self) -> Option<PropertyName> {
        match self.segment(3)? {
            "app_stage" => Some(PropertyName::Stage),
            id => PropertyId::parse(id).map(PropertyName::Id),
        }
    }

    /// The view of `/{type}/views/{viewId}`: the fourth segment.
    pub(crate) fn view_id(&self) -> Option<ViewId> {
        self.segment(3).and_then(ViewId::parse)
    }

    /// The record of `/{type}/views/{viewId}/records/{recordId}`: the sixth segment.
    pub(crate) fn pinned_id(&self) -> Option<RecordId> {
        self.segment(5).and_then(RecordId::parse)
    }

    /// The option of `/{type}/properties/{propertyId}/options/{optionId}`: the sixth segment.
    pub(crate) fn option_id(&self) -> Option<OptionId> {
        self.segment(5).and_then(OptionId::parse)
    }

    /// The property and the value of `/{type}/by/{slug}/{value}`: the fourth and fifth segments.
    pub(crate) fn slug_and_value(&self) -> Option<(&str, &str)> {
        self.segment(3).zip(self.segment(4))
    }
}

/// A segment with its percent-encoding undone, once. A `%` that begins no code stands for itself.
fn decoded(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'%').then(|| after.get(..2).and_then(hex_byte)).flatten();
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).ok()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else { return None };
    let (high, low) = (char::from(high).to_digit(16)?, char::from(low).to_digit(16)?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAM: &str = "0b8f2d6e-0000-4000-8000-000000000001";

    fn path(rest: &str) -> ApiPath {
        ApiPath::of(&format!("/v2/prism/{rest}").parse().expect("a path"))
    }

    #[test]
    fn segments_are_decoded_once() {
        let read = path(&format!("{TEAM}/cont%61ct/%30b8f2d6e-0000-4000-8000-000000000002"));
        assert_eq!(read.team_id().map(|id| id.to_string()).as_deref(), Some(TEAM));
        assert_eq!(read.object_type().ok(), Some(ObjectType::Contact));
        assert!(read.record_id().is_some());
        assert!(path(&format!("{TEAM}/cont%2561ct")).object_type().is_err());
    }

    #[test]
    fn the_older_routes_name_the_team_later() {
        for older in ["query", "metadata/properties", "grant"] {
            let read = path(&format!("{older}/{TEAM}/deal"));
            assert_eq!(read.team_id().map(|id| id.to_string()).as_deref(), Some(TEAM), "{older}");
            assert_eq!(read.object_type().ok(), Some(ObjectType::Deal), "{older}");
        }
        for sly in ["qu%65ry", "query/query", "metadata", "query//"] {
            assert_eq!(path(&format!("{sly}/{TEAM}/deal")).team_id(), None, "{sly}");
        }
    }

    #[test]
    fn views_stood_before_their_type() {
        let (view, record) = ("0b8f2d6e-0000-4000-8000-000000000002", "0b8f2d6e-0000-4000-8000-000000000003");
        for read in [
            path(&format!("{TEAM}/deal/views/{view}/records/{record}")),
            path(&format!("{TEAM}/view/deal/{view}/records/{record}")),
        ] {
            assert_eq!(read.object_type().ok(), Some(ObjectType::Deal));
            assert_eq!(read.view_id().map(|id| id.to_string()).as_deref(), Some(view));
            assert_eq!(read.pinned_id().map(|id| id.to_string()).as_deref(), Some(record));
        }
    }

    #[test]
    fn a_value_may_hold_what_a_path_is_made_of() {
        let read = path(&format!("{TEAM}/contact/by/full_name/a%2Fb%20c+%25"));
        assert_eq!(read.slug_and_value(), Some(("full_name", "a/b c+%")));
        assert_eq!(path(&format!("{TEAM}/contact/by/full_name/%ff")).slug_and_value(), None);
    }

    #[test]
    fn nothing_encoded_becomes_another_segment() {
        for sly in [
            "a%2f..%2fb/contact",
            "%2e%2e/contact",
            "../contact",
            "/contact",
            "a%00/contact",
            "%ff/contact",
            "%/contact",
        ] {
            assert_eq!(path(sly).team_id(), None, "{sly}");
        }
        assert!(path(&format!("{TEAM}/contact%2Fimport")).object_type().is_err());
        assert_eq!(path(&format!("{TEAM}/imports/a%2Fb")).job_id(), None);
    }
}
