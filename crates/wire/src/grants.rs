//! Grants of one record (contract §6.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who may do what with a record. Unknown names are refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Levels of people, by their ids.
    #[serde(default)]
    pub user_id: Vec<BTreeMap<String, GrantLevel>>,
    /// Levels of teams, by their ids. The key's own team may do everything unless it is named here.
    #[serde(default)]
    pub team_id: BTreeMap<String, GrantLevel>,
    /// Levels of groups of people, by their ids.
    #[serde(default)]
    pub team_group_id: Vec<BTreeMap<String, GrantLevel>>,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum GrantLevel {
    /// Read.
    #[serde(rename = "r")]
    Read,
    /// Write, too.
    #[serde(rename = "w")]
    Write,
    /// Decide who may.
    #[serde(rename = "a")]
    Admin,
}
