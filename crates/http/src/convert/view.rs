//! Saved views: from bodies, and as they are shown.

use http::StatusCode;
use refract_domain::ids::{RecordId, TeamId, ViewId};
use refract_domain::limits::{VIEW_BYTES_MAX, VIEWS_MAX};
use refract_domain::view::SavedView;
use refract_engine::{EngineError, KeptAnswer, ViewEffect, ViewFault};
use refract_wire::{Combinator, RecordOrder, View};

use super::answer::json;
use super::modelling::read;
use super::time::rfc3339;
use crate::error::ApiError;

const NAME_CHARS_MAX: usize = 200;

/// What clients send back of what they read, and nobody sets.
const NOT_SET: [&str; 6] = ["id", "team_id", "created_at", "updated_at", "object_type", "record_order"];

/// The settings that a body names, as they are kept: a JSON object, in which `null` clears.
pub(crate) fn settings(object: &[u8], own_team: TeamId) -> Result<(View, String), ApiError> {
    let sent: View = read(object)?;
    let mut named: serde_json::Map<String, serde_json::Value> = read(object)?;
    for (name, text) in [("name", &sent.name), ("view_type", &sent.view_type)] {
        let fits = text.as_ref().is_some_and(|text| (1..=NAME_CHARS_MAX).contains(&text.trim().chars().count()));
        if named.contains_key(name) && !fits {
            let message = format!("{name} must have 1 to {NAME_CHARS_MAX} characters.");
            return Err(ApiError::invalid_field(format!(".body.{name}"), message));
        }
    }
    if sent.team_id.as_deref().is_some_and(|id| TeamId::parse(id) != Some(own_team)) {
        return Err(ApiError::invalid_field(".body.team_id", "team_id must be the team of the path; leave it out."));
    }
    named.retain(|name, _| !NOT_SET.contains(&name.as_str()));
    let text = serde_json::Value::Object(named).to_string();
    if text.len() > VIEW_BYTES_MAX {
        return Err(ApiError::payload_too_large(format!(
            "The view has {} bytes; it may have {VIEW_BYTES_MAX}.",
            text.len()
        )));
    }
    Ok((sent, text))
}

/// The settings of a new view, and its id where the body has one.
pub(crate) fn new_view(object: &[u8], own_team: TeamId) -> Result<(Option<ViewId>, String), ApiError> {
    let (sent, text) = settings(object, own_team)?;
    for (name, value) in [("name", &sent.name), ("view_type", &sent.view_type)] {
        if value.is_none() {
            return Err(ApiError::invalid_field(format!(".body.{name}"), format!("A view needs a {name}.")));
        }
    }
    let id = sent.id.map(|id| {
        ViewId::parse(&id).ok_or_else(|| ApiError::invalid_field(".body.id", "A view's id is a uuid; leave it out."))
    });
    Ok((id.transpose()?, text))
}

/// The order that a body asks for.
pub(crate) fn record_order(object: &[u8]) -> Result<Vec<RecordId>, ApiError> {
    let sent: RecordOrder = read(object)?;
    let id = |(place, text): (usize, &String)| {
        RecordId::parse(text)
            .ok_or_else(|| ApiError::invalid_field(format!(".body.object_ids[{place}]"), "A record's id is a uuid."))
    };
    sent.object_ids.iter().enumerate().map(id).collect()
}

/// A view as it is shown.
pub(crate) fn view(view: &SavedView, team_id: TeamId) -> View {
    // What is kept was checked; settings that cannot be read would show as none.
    let mut shown: View = serde_json::from_str(&view.settings).unwrap_or_default();
    shown.filter.get_or_insert_default();
    shown.select.get_or_insert_default();
    shown.sort.get_or_insert_default();
    shown.combinator.get_or_insert(Combinator::And);
    View {
        id: Some(view.id.to_string()),
        team_id: Some(team_id.to_string()),
        created_at: Some(rfc3339(view.created_at)),
        updated_at: Some(rfc3339(view.updated_at)),
        object_type: Some(view.object_type.name().to_owned()),
        record_order: Some(view.pins.iter().map(ToString::to_string).collect()),
        ..shown
    }
}

/// The answer to a write of a view that shows it.
pub(crate) fn view_answer(effect: &ViewEffect, done: StatusCode, team_id: TeamId, request_id: &str) -> KeptAnswer {
    match effect {
        ViewEffect::Kept(kept) => json(done, &view(kept, team_id)),
        other => unkept(other).kept(request_id),
    }
}

/// The answer to a write of a view that shows nothing.
pub(crate) fn order_answer(effect: &ViewEffect, request_id: &str) -> KeptAnswer {
    match effect {
        ViewEffect::Kept(_) => {
            KeptAnswer { status: StatusCode::NO_CONTENT.as_u16(), headers: Vec::new(), body: Vec::new() }
        }
        other => unkept(other).kept(request_id),
    }
}

fn unkept(effect: &ViewEffect) -> ApiError {
    let conflict = |message: String| ApiError::new(StatusCode::CONFLICT, "conflict", message).should_retry(false);
    match effect {
        ViewEffect::Exists(id) => conflict(format!("There is a view {id} already; PATCH it, or leave the id out.")),
        ViewEffect::TooMany => conflict(format!("The team has {VIEWS_MAX} views, which is the most; delete some.")),
        ViewEffect::NotFound | ViewEffect::Kept(_) => no_such_view(),
    }
}

/// 404 for a view, whatever the reason.
pub(crate) fn no_such_view() -> ApiError {
    ApiError::not_found("There is no such view.")
}

/// The engine's refusals, where the record to pin stands in the path.
pub(crate) fn pin_refusal(error: EngineError) -> ApiError {
    match error {
        EngineError::View(ViewFault::NoSuchRecord(_)) => super::record::not_found(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::object_type::ObjectType;
    use serde_json::{Value, json};

    use super::*;

    fn own_team() -> TeamId {
        TeamId::from_bytes([1; 16])
    }

    #[test]
    fn what_is_shown_can_be_sent_again() {
        let kept = SavedView {
            id: ViewId::from_bytes([2; 16]),
            object_type: ObjectType::Deal,
            version: 3,
            created_at: Timestamp(0),
            updated_at: Timestamp(1),
            settings: json!({"name": "a", "view_type": "table", "filter": [{"name": {"=": "x"}}]}).to_string(),
            pins: vec![RecordId::from_bytes([3; 16])],
        };
        let shown = serde_json::to_value(view(&kept, own_team())).expect("JSON");
        assert_eq!((&shown["combinator"], &shown["sort"], &shown["select"]), (&json!("AND"), &json!([]), &json!([])));
        assert_eq!(shown["record_order"], json!([RecordId::from_bytes([3; 16]).to_string()]));
        let (id, text) = new_view(shown.to_string().as_bytes(), own_team()).expect("a view");
        assert_eq!(id, Some(kept.id));
        let text: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(text["filter"], json!([{"name": {"=": "x"}}]));
        assert!(NOT_SET.iter().all(|name| text.get(*name).is_none()));
    }

    #[test]
    fn what_is_no_view_is_refused() {
        let other = TeamId::from_bytes([9; 16]).to_string();
        for body in [
            json!({"name": "a"}),
            json!({"view_type": "table"}),
            json!({"name": "", "view_type": "table"}),
            json!({"name": "a", "view_type": "table", "id": "x"}),
            json!({"name": "a", "view_type": "table", "team_id": other}),
            json!({"name": "a", "view_type": "table", "filters": []}),
            json!({"name": "a", "view_type": "table", "filter": {}}),
            json!({"name": "a", "view_type": "table", "icon": "x".repeat(VIEW_BYTES_MAX)}),
        ] {
            assert!(new_view(body.to_string().as_bytes(), own_team()).is_err(), "{body}");
        }
        assert!(settings(br#"{"name":null}"#, own_team()).is_err());
        assert_eq!(settings(br#"{"icon":null}"#, own_team()).expect("settings").1, r#"{"icon":null}"#);
        assert!(record_order(br#"{"object_ids":["x"]}"#).is_err());
    }
}
