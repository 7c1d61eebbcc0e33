//! Grants: who may do what with one record (contract §6.3).
//!
//! Owns the levels, what a set of grants means for a team, and the text in which stores keep it. Must not know how grants
//! are sent or kept.

use std::collections::BTreeMap;

use crate::error::{RowCode, RowError};
use crate::ids::{RecordId, TeamId};
use crate::json;

/// What somebody may do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Read it.
    Read,
    /// Write it, too.
    Write,
    /// Decide who may.
    Admin,
}

impl Level {
    /// All levels, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The letter on the wire.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::Admin => "a",
        }
    }

    /// The level of a letter.
    #[must_use]
    pub fn parse(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.letter() == letter)
    }
}

/// The grants of one record. Of people and groups they are kept for those who show them: here keys ask, and keys are of
/// teams.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// By the ids of people.
    pub users: BTreeMap<String, Level>,
    /// By the ids of teams.
    pub teams: BTreeMap<TeamId, Level>,
    /// By the ids of groups of people.
    pub groups: BTreeMap<String, Level>,
}

/// The names of the three parts in the text that is kept.
const PARTS: [&str; 3] = ["user_id", "team_id", "team_group_id"];

impl Grants {
    /// Those of a record that nobody was granted: its team may do everything.
    #[must_use]
    pub fn of_team(team_id: TeamId) -> Self {
        Self { teams: BTreeMap::from([(team_id, Level::Admin)]), ..Self::default() }
    }

    /// Whether the keys of this team may do no more than read.
    #[must_use]
    pub fn is_read_only_for(&self, team_id: TeamId) -> bool {
        self.teams.get(&team_id) == Some(&Level::Read)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.len() + self.teams.len() + self.groups.len()
    }

    /// The text that is kept: the same for the same grants.
    #[must_use]
    pub fn text(&self) -> String {
        let teams = self.teams.iter().map(|(id, level)| (id.to_string(), *level)).collect();
        let mut text = String::from("{");
        for (name, part) in PARTS.into_iter().zip([&self.users, &teams, &self.groups]) {
            if text.len() > 1 {
                text.push(',');
            }
            json::push_text(&mut text, name);
            text.push(':');
            push_part(&mut text, part);
        }
        text.push('}');
        text
    }

    /// Reads a text that was kept; what is none of [`Self::text`] is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
        for (name, raw_part) in json::members(text) {
            let place = PARTS.iter().position(|part| *part == name)?;
            for (id, raw_level) in json::members(raw_part) {
                parts[place].insert(id.into_owned(), Level::parse(&json::unquote(raw_level))?);
            }
        }
        let [users, teams, groups] = parts;
        let teams = teams.into_iter().map(|(id, level)| Some((TeamId::parse(&id)?, level))).collect::<Option<_>>()?;
        let grants = Self { users, teams, groups };
        (grants.text() == text).then_some(grants)
    }
}

fn push_part(text: &mut String, part: &BTreeMap<String, Level>) {
    text.push('{');
    for (place, (id, level)) in part.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        json::push_text(text, id);
        text.push(':');
        json::push_text(text, level.letter());
    }
    text.push('}');
}

/// Why a record that its team may only read is not written.
#[must_use]
pub fn read_only(id: RecordId) -> RowError {
    let message = format!("the grant of {id} lets this team only read it; PUT its grant with level \"w\" to write it");
    RowError::new("id", RowCode::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(byte: u8) -> TeamId {
        TeamId::from_bytes([byte; 16])
    }

    fn some_grants() -> Grants {
        Grants {
            users: BTreeMap::from([("u\"1".to_owned(), Level::Write), ("a".to_owned(), Level::Admin)]),
            teams: BTreeMap::from([(team(1), Level::Read), (team(2), Level::Write)]),
            groups: BTreeMap::from([("ü".to_owned(), Level::Read)]),
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        for grants in [Grants::default(), Grants::of_team(team(3)), some_grants()] {
            assert_eq!(Grants::parse(&grants.text()), Some(grants));
        }
        let text = some_grants().text();
        for broken in
            [text.replace("\"r\"", "\"x\""), text.replace("team_id", "teams"), text.replace("01-", "0-"), "[".into()]
        {
            assert_eq!(Grants::parse(&broken), None, "{broken}");
        }
    }

    #[test]
    fn a_team_is_kept_from_writing_only_by_its_own_level() {
        let grants = some_grants();
        let read_only = [1, 2, 3].map(|byte| grants.is_read_only_for(team(byte)));
        assert_eq!(read_only, [true, false, false]);
        assert!(!Grants::of_team(team(1)).is_read_only_for(team(1)));
        assert_eq!((grants.count(), Grants::default().count()), (5, 0));
    }
}
