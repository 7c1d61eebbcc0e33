//! What a query sends (contract §3.5), as far as a document can say it: the server reads it name by name against the team's
//! schema, to give each fault its own words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The body of a query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// What is asked.
    pub query: QueryBody,
    /// Only the record of this id, or only those of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// Where the page begins: `next_cursor` of the page before. The cursor in `query` wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Whether hidden records are shown too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// Whether to count all records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_total: Option<bool>,
    /// Taken and ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boxes: Option<Vec<String>>,
    /// Taken and ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
}

/// What a query asks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryBody {
    /// Slugs to show, with dots through references; `[]` shows ids alone.
    pub select: Vec<String>,
    /// Conditions: slug → operator → value (docs/wire.md lists the operators).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Vec<BTreeMap<String, BTreeMap<String, Value>>>>,
    /// Whether all conditions must hold, or one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combinator: Option<Combinator>,
    /// The order: slug → direction, the most significant first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<Vec<BTreeMap<String, Direction>>>,
    /// Rows of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 50, default = 25)]
    pub limit: Option<u32>,
    /// The older way of paging, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub page: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only members of this list, whose properties are then known too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub list_id: Option<String>,
}

/// How conditions go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Combinator {
    /// All must hold.
    #[serde(rename = "AND")]
    And,
    /// One must hold.
    #[serde(rename = "OR")]
    Or,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The smallest.
    Asc,
    /// The largest.
    Desc,
}
