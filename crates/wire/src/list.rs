//! Lists (contract §6.1).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A list of records of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List {
    /// Its id.
    pub id: String,
    /// The name people read.
    pub name: String,
    /// The only type of its members.
    pub object_type: String,
    /// The team it belongs to.
    pub team_id: String,
    /// When it was made.
    pub created_at: String,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// What it was made from.
    #[serde(rename = "type")]
    pub template_type: String,
    /// The same.
    pub template_id: String,
    /// Its views.
    pub views: Vec<ListView>,
}

/// A view of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListView {
    /// Its id.
    pub id: String,
    /// The name people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// All lists of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListPage {
    /// The lists, oldest first.
    pub data: Vec<List>,
}

/// What a list can be made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListTemplate {
    /// The word in bodies.
    pub id: String,
    /// The name people read, and of lists made without one.
    pub name: String,
    /// The `type` of lists made from it.
    #[serde(rename = "type")]
    pub template_type: String,
    /// The type of its members; absent where whoever makes a list says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// The types its members can be of.
    pub supported_object_types: Vec<String>,
    /// The display values of the stages that its records go through.
    pub stages: Vec<String>,
}

/// All templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListTemplatePage {
    /// The templates.
    pub data: Vec<ListTemplate>,
}

/// What makes a list. Unknown names are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewList {
    /// What to make it from.
    pub template_id: String,
    /// The template's name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The type of its members: with the template `custom` always, with any other never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
}
