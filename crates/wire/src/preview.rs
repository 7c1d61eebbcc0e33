//! How a file was understood, before it is imported.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// How a file was understood, and where its columns would go.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportPreview {
    /// What the file is.
    pub file: PreviewedFile,
    /// Its columns, in order.
    pub columns: Vec<PreviewedColumn>,
    /// Its first rows, as they would be staged: cells, or JSON lines.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub rows: Vec<Box<RawValue>>,
    /// How many rows were looked at; the file may have more.
    pub rows_seen: u64,
    /// What would keep the import from starting, if anything, and what to look at.
    pub problems: Vec<PreviewProblem>,
}

/// What a file is and how it is read; each `…_found` says how that is known: `given`, `bom`, `declared`, `detected` or
/// `default`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewedFile {
    /// `csv`, `tsv`, `xlsx`, `ods`, `ndjson` (rows as the API has them) or `ndjson_flat`.
    pub format: String,
    /// The encoding's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// How the encoding is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding_found: Option<String>,
    /// Whether a byte order mark stands at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bom: Option<bool>,
    /// What stands between cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// How the delimiter is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter_found: Option<String>,
    /// What stands around cells; empty for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Lines of a text, or rows of a sheet, above the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<u64>,
    /// How that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_rows_found: Option<String>,
    /// Whether the first row of the table names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// How that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_found: Option<String>,
    /// The sheet that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// A column, where it would go, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewedColumn {
    /// Its name.
    pub name: String,
    /// Its number, from 0.
    pub index: u64,
    /// Where it goes, as `options.mapping` would say it: a slug, `list.` and a slug, or `id`; null for nowhere.
    pub target: Option<String>,
    /// The property that an import would make of it first; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<PreviewedProperty>,
    /// Why: `given`, `slug`, `name`, `synonym`, `spelling`, `values`, `new`, `taken`, `report`, `empty` or `none`.
    pub reason: String,
    /// How sure that is, 0 to 100.
    pub confidence: u8,
    /// What its cells look like: `empty`, `bool`, `num`, `date`, `email`, `url`, `select_str` or `text`.
    pub looks_like: String,
    /// The one decimal mark that fits its numbers, where they are not JSON's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<String>,
    /// The one date format that fits its dates, where they are not ISO.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// Up to three of its cells.
    pub examples: Vec<String>,
    /// Cells without anything in them, of those looked at.
    pub empty_cells: u64,
}

/// A property that would be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewedProperty {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub property_type: String,
}

/// What would keep an import from starting, or rows from getting in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewProblem {
    /// The code an import would answer with, or rows would have.
    pub code: String,
    /// What it is about: a column, or an option.
    pub field: String,
    /// What, and what to do.
    pub message: String,
    /// How many of the rows looked at have it; absent where the whole import would be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}
