//! Saved views (contract §6.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::query_request::Combinator;

/// A saved view: what it is set to, and what it is.
///
/// In a body that changes one, what is absent stays, `null` clears, arrays are replaced whole; from `team_id` on nothing is
/// set, but taken so that what was read can be sent back. Unknown names are refused. In answers `id`, `name`, `view_type`,
/// `select`, `filter`, `sort`, `combinator` and all from `team_id` on are always there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The name people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it is shown, such as `table` or `board`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_type: Option<String>,
    /// Conditions: `{slug: {operator: value}}`, as in a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Vec<Map<String, Value>>>,
    /// Whether all conditions must hold or one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combinator: Option<Combinator>,
    /// Slugs to show, with dots through references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<Vec<String>>,
    /// The order: `{slug: "asc" | "desc"}`, the most significant first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<Vec<Map<String, Value>>>,
    /// The list whose members are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_id: Option<String>,
    /// The slug of the property to group by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<String>,
    /// How groups are ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_sort: Option<String>,
    /// Whether groups without records are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_hide_empty: Option<bool>,
    /// Options whose groups are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_hidden_option_ids: Option<Vec<Value>>,
    /// The property that groups are summed up by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation_prop_def_id: Option<String>,
    /// How they are summed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation_type: Option<String>,
    /// Widths and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column_layout: Option<Map<String, Value>>,
    /// An emoji or icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Where it stands among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<i64>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Of a new view: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The team of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// The type of its records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// The records that are pinned, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_order: Option<Vec<String>>,
}

/// All views of a type.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ViewPage {
    /// The views, oldest first.
    pub data: Vec<View>,
}

/// A view with a page of its records.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ViewWithRecords {
    /// The view.
    pub view: View,
    /// The page.
    pub records: crate::Page,
}

/// A view as it is read: alone, or with a page of its records where that is asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ShownView {
    /// Alone.
    Alone(Box<View>),
    /// With a page of its records.
    WithRecords(Box<ViewWithRecords>),
}

/// The order of pinned records.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordOrder {
    /// Ids; those that were not pinned are now, those pinned that are left out follow.
    pub object_ids: Vec<String>,
}
