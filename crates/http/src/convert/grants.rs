//! Grants: from a body, and as they are shown.

use std::collections::BTreeMap;

use http::StatusCode;
use refract_domain::grants::{Grants, Level};
use refract_domain::ids::TeamId;
use refract_domain::limits::GRANTS_MAX;
use refract_engine::KeptAnswer;
use refract_wire::{GrantLevel, Grants as SentGrants};

use super::answer::json;
use super::modelling::read;
use super::record::not_found;
use crate::error::ApiError;

const ID_CHARS_MAX: usize = 100;

/// The grants that a body asks for. Its own team keeps every right that is not taken from it by name.
pub(crate) fn wanted_grants(object: &[u8], own_team: TeamId) -> Result<Grants, ApiError> {
    let sent: SentGrants = read(object)?;
    let mut grants = Grants {
        users: levels("user_id", sent.user_id)?,
        teams: BTreeMap::new(),
        groups: levels("team_group_id", sent.team_group_id)?,
    };
    for (id, level) in sent.team_id {
        let team_id = TeamId::parse(&id).ok_or_else(|| refused("team_id", &id, "a team's id is a uuid"))?;
        if grants.teams.insert(team_id, level_of(level)).is_some() {
            return Err(refused("team_id", &id, "it is there twice"));
        }
    }
    grants.teams.entry(own_team).or_insert(Level::Admin);
    if grants.count() > GRANTS_MAX {
        return Err(ApiError::invalid_field(".body", format!("A record has at most {GRANTS_MAX} grants.")));
    }
    Ok(grants)
}

fn levels(part: &str, sent: Vec<BTreeMap<String, GrantLevel>>) -> Result<BTreeMap<String, Level>, ApiError> {
    let mut levels = BTreeMap::new();
    for (id, level) in sent.into_iter().flatten() {
        if !(1..=ID_CHARS_MAX).contains(&id.chars().count()) {
            return Err(refused(part, &id, "an id has 1 to 100 characters"));
        }
        if levels.insert(id.clone(), level_of(level)).is_some() {
            return Err(refused(part, &id, "it is there twice"));
        }
    }
    Ok(levels)
}

fn refused(part: &str, id: &str, why: &str) -> ApiError {
    let shown: String = id.chars().take(ID_CHARS_MAX).collect();
    ApiError::invalid_field(format!(".body.{part}"), format!("{part} names {shown:?}: {why}."))
}

const fn level_of(sent: GrantLevel) -> Level {
    match sent {
        GrantLevel::Read => Level::Read,
        GrantLevel::Write => Level::Write,
        GrantLevel::Admin => Level::Admin,
    }
}

const fn shown_level(level: Level) -> GrantLevel {
    match level {
        Level::Read => GrantLevel::Read,
        Level::Write => GrantLevel::Write,
        Level::Admin => GrantLevel::Admin,
    }
}

/// The answer that shows a record's grants, or that there is no such record.
pub(crate) fn grants_answer(grants: Option<&Grants>, request_id: &str) -> KeptAnswer {
    let Some(grants) = grants else { return not_found().kept(request_id) };
    let each = |levels: &BTreeMap<String, Level>| {
        levels.iter().map(|(id, level)| BTreeMap::from([(id.clone(), shown_level(*level))])).collect()
    };
    let shown = SentGrants {
        user_id: each(&grants.users),
        team_id: grants.teams.iter().map(|(id, level)| (id.to_string(), shown_level(*level))).collect(),
        team_group_id: each(&grants.groups),
    };
    json(StatusCode::OK, &shown)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn own_team() -> TeamId {
        TeamId::from_bytes([1; 16])
    }

    fn wanted(body: &Value) -> Result<Grants, ApiError> {
        wanted_grants(body.to_string().as_bytes(), own_team())
    }

    fn shown(grants: &Grants) -> Value {
        serde_json::from_slice(&grants_answer(Some(grants), "req_1").body).expect("JSON")
    }

    #[test]
    fn what_is_shown_can_be_sent_again() {
        let other = TeamId::from_bytes([2; 16]);
        let body = json!({
            "user_id": [{"u1": "w"}, {"u2": "r", "u3": "a"}],
            "team_id": {other.to_string().to_uppercase(): "r"},
            "team_group_id": [{"g": "w"}],
        });
        let grants = wanted(&body).expect("grants");
        assert_eq!(grants.teams, BTreeMap::from([(own_team(), Level::Admin), (other, Level::Read)]));
        let shown = shown(&grants);
        assert_eq!(shown["user_id"], json!([{"u1": "w"}, {"u2": "r"}, {"u3": "a"}]));
        assert_eq!(wanted(&shown).expect("grants"), grants);
        assert_eq!(wanted(&json!({})).expect("grants"), Grants::of_team(own_team()));
        let read_only = wanted(&json!({"team_id": {own_team().to_string(): "r"}})).expect("grants");
        assert!(read_only.is_read_only_for(own_team()));
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let twice = own_team().to_string();
        let many: Vec<_> = (0..GRANTS_MAX).map(|number| json!({format!("u{number}"): "r"})).collect();
        for body in [
            json!({"user_id": {"u": "r"}}),
            json!({"user_id": [{"u": "x"}]}),
            json!({"user_id": [{"u": "r"}, {"u": "w"}]}),
            json!({"user_id": [{"": "r"}]}),
            json!({"team_id": {"us": "r"}}),
            json!({"team_id": {twice.to_uppercase(): "r", twice.replace('-', ""): "w"}}),
            json!({"teams": {}}),
            json!({"user_id": many}),
        ] {
            assert!(wanted(&body).is_err(), "{body}");
        }
    }
}
