//! Property metadata, and what changes it (contract §4).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::error::FieldError;

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
    /// Whether it is in use; an archived one keeps its values unseen.
    pub enabled: bool,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The display format that clients choose by; absent for what the server brings along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
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
    /// Whether it is in use; records keep an archived one, and no other gets it.
    pub enabled: bool,
    /// The name of a colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color_scheme: Option<String>,
    /// What it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// A heading that it is shown under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option_group: Option<String>,
    /// The list in whose scope it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
    /// The older name of `list_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crm_id: Option<String>,
}

/// What makes a property. Unknown names are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProperty {
    /// The name people read; one of a kind in its scope.
    pub name: String,
    /// The type of its values, such as `str` or `multiselect_str`.
    #[serde(rename = "type")]
    pub property_type: String,
    /// The name in bodies, which never changes; made of `name` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The list in whose scope it lives; the whole workspace when absent.
    #[serde(default, alias = "crm_id", skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
    /// Whether records must have a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The display format that clients choose by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    /// The options it starts with; for select types only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<NewPropertyOption>>,
}

/// What changes a property; what is absent stays. Unknown names are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PropertyPatch {
    /// Its type, which never changes.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub property_type: Option<String>,
    /// The name people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An emoji or icon name; `null` for none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub icon: Option<Option<String>>,
    /// `false` archives it: values are kept, and neither shown nor written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether records must have a value; refused while there are some without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The list in whose scope it lives, which never changes.
    #[serde(default, alias = "crm_id", skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
}

/// What makes an option. Unknown names are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPropertyOption {
    /// The property's type, which never changes.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub property_type: Option<String>,
    /// What people read; one of a kind among the options in use.
    pub value: String,
    /// What records hold, which never changes; made of `value` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The name of a colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color_scheme: Option<String>,
    /// What it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// A heading that it is shown under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option_group: Option<String>,
    /// Its place among the options; the last when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_index: Option<u32>,
    /// The list in whose scope the property lives.
    #[serde(default, alias = "crm_id", skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
}

/// What changes an option; what is absent stays. Unknown names are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PropertyOptionPatch {
    /// The property's type, which never changes.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub property_type: Option<String>,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What records hold, which never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The name of a colour; `null` for none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub color_scheme: Option<Option<String>>,
    /// What it stands for; `null` for nothing.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    /// An emoji or icon name; `null` for none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub icon: Option<Option<String>>,
    /// A heading that it is shown under; `null` for none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub option_group: Option<Option<String>>,
    /// Its place among the options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_index: Option<u32>,
    /// `false` archives it: records keep it, no other gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The list in whose scope the property lives.
    #[serde(default, alias = "crm_id", skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
}

/// Values to be looked at before they are written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateValues {
    /// Where the properties live.
    pub scope: ValueScope,
    /// What the values are meant for.
    pub operation: ValueOperation,
    /// Slug → value.
    #[schema(value_type = Object)]
    pub properties: Box<RawValue>,
}

/// Where properties live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueScope {
    /// In the whole workspace.
    Workspace {},
    /// In a list.
    List {
        /// Which.
        list_id: String,
    },
}

/// What values are meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueOperation {
    /// A new record.
    Create,
    /// A record that is there.
    Update,
}

/// Whether values would be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValuesValidity {
    /// Whether there is no error.
    pub valid: bool,
    /// What is wrong, each by field.
    pub errors: Vec<FieldError>,
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
