//! Property metadata (contract §4.1, §4.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Definitions by object type and then by id.
pub type PropertyMap = BTreeMap<String, BTreeMap<String, PropertyDefinition>>;

/// What a property is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PropertyDefinition {
    /// Its id.
    pub id: String,
    /// The name in bodies.
    pub slug: String,
    /// The type of its values, such as `str` or `multiselect_str`.
    #[serde(rename = "type")]
    pub property_type: String,
    /// The name people read.
    pub name: String,
    /// `app_stage` for a list's stage; else absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The list in whose scope it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
    /// The older name of `list_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crm_id: Option<String>,
    /// The team that owns it; absent for what every team has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// Whether the server brings it along.
    pub native: bool,
    /// Whether it cannot be changed.
    pub locked: bool,
    /// Whether records must have a value.
    pub required: bool,
    /// The options, for select types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<PropertyOption>>,
}

/// One option of a select property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PropertyOption {
    /// Its id.
    pub id: String,
    /// What records hold.
    pub slug: String,
    /// The display value.
    pub value: String,
    /// Its place among the options.
    pub sort_index: u32,
    /// The list in whose scope it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
}
