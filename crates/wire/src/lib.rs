//! The JSON shapes of the Prism API, with their public names.
//!
//! Owns the names and which fields may be absent: an optional field is left out, never `null`, but for
//! [`ImportJob::job_id`], [`ImportResult::id`], [`Provenance::import`] and the `next_cursor` of pages, which are always there.
//! Imports nothing of ours and must not know what a field means; values are converted where requests are taken in and
//! answers are made.
//!
//! Times are RFC 3339 texts in UTC with milliseconds (`2026-07-01T10:00:00.120Z`); ids are lower-case uuids.

mod error;
mod grants;
mod import;
mod import_page;
mod import_request;
mod list;
mod preview;
mod property;
mod provenance;
mod query_request;
mod record;
mod server;
mod view;

pub use error::{ErrorBody, ErrorDetail, ErrorDetails, FieldError};
pub use grants::{GrantLevel, Grants};
pub use import::{
    ImportJob, ImportKind, ImportOptions, ImportResult, ImportedColumn, ImportedFile, JobError, JobStatus, RowError,
    RowOutcome,
};
pub use import_page::{FailedRows, FaultGroup, ImportPage, ImportResultPage, ImportSummary, RetryRequest};
pub use import_request::{ImportRequest, ImportRequestOptions};
pub use list::{List, ListPage, ListTemplate, ListTemplatePage, ListView, NewList};
pub use preview::{ImportPreview, PreviewProblem, PreviewedColumn, PreviewedFile, PreviewedProperty};
pub use property::{
    NewProperty, NewPropertyOption, PropertyDefinition, PropertyMap, PropertyOption, PropertyOptionPatch,
    PropertyPatch, ValidateValues, ValueOperation, ValueScope, ValuesValidity,
};
pub use provenance::{LastImport, Provenance};
pub use query_request::{Combinator, Direction, QueryBody, QueryRequest};
pub use record::{
    BatchItem, BatchResult, BatchStatus, BatchSummary, BatchUpdate, Count, DeleteBatch, FindOrCreate, FoundOrCreated,
    Page, Record, RecordBody, Row, UpdateBatch,
};
pub use server::{Health, Version};
pub use view::{RecordOrder, ShownView, View, ViewPage, ViewWithRecords};

pub use serde_json::value::RawValue;
