//! Batches: what their items name, and what came of each.

use http::StatusCode;
use refract_domain::error::{RowCode, RowError};
use refract_domain::ids::RecordId;
use refract_domain::import::row::RawChunk;
use refract_domain::limits::BATCH_ITEMS_MAX;
use refract_domain::property::Schema;
use refract_engine::{BatchEffect, KeptAnswer, WrittenRecord};
use refract_wire::{
    BatchItem, BatchResult, BatchStatus, BatchSummary, DeleteBatch, RowError as WireRowError, UpdateBatch,
};
use serde::Deserialize;
use serde_json::Value;

use super::answer;
use super::record::written_record;
use crate::error::{ApiError, field_error};

/// The items of a batch update as rows, and the record that each names.
pub(crate) fn update_items(
    object: &[u8],
    item_bytes_max: usize,
) -> Result<(RawChunk, Vec<Option<RecordId>>), ApiError> {
    let batch: UpdateBatch = read(object)?;
    check_number(".body.items", batch.items.len())?;
    let mut rows = RawChunk::default();
    let mut ids = Vec::with_capacity(batch.items.len());
    for (place, item) in batch.items.iter().enumerate() {
        let raw = item.get();
        if raw.len() > item_bytes_max {
            let message = format!("Item {place} has {} bytes; an item may have {item_bytes_max}.", raw.len());
            return Err(ApiError::payload_too_large(message));
        }
        rows.push(raw.as_bytes());
        ids.push(id_of(raw));
    }
    Ok((rows, ids))
}

/// The records that a batch delete names, or why an element names none.
pub(crate) fn delete_ids(object: &[u8]) -> Result<Vec<Result<RecordId, Box<RowError>>>, ApiError> {
    let batch: DeleteBatch = read(object)?;
    check_number(".body.ids", batch.ids.len())?;
    let parsed = batch.ids.iter().map(|id| {
        id.as_str().and_then(RecordId::parse).ok_or_else(|| {
            let shown: String = id.to_string().chars().take(40).collect();
            let message = format!("{shown} is no record's id, a uuid as text");
            Box::new(RowError::new("id", RowCode::InvalidValue, message))
        })
    });
    Ok(parsed.collect())
}

/// The answer to a batch: 200, whatever came of its items. With a schema the records are shown; hidden ones are not.
pub(crate) fn batch_answer(effect: &BatchEffect, ids: &[Option<RecordId>], shown_with: Option<&Schema>) -> KeptAnswer {
    let results = effect.items.iter().enumerate().map(|(place, item)| {
        let named = ids.get(place).copied().flatten();
        match item {
            Ok(written) => succeeded(written, shown_with),
            Err(error) => BatchItem {
                id: named.map(|id| id.to_string()),
                status: BatchStatus::Error,
                error: Some(row_error(error)),
                record: None,
            },
        }
    });
    let results: Vec<BatchItem> = results.collect();
    let succeeded = effect.items.iter().filter(|item| item.is_ok()).count();
    let total = results.len();
    let summary = BatchSummary { total, succeeded, failed: total - succeeded };
    answer::json(StatusCode::OK, &BatchResult { results, summary })
}

fn succeeded(written: &WrittenRecord, shown_with: Option<&Schema>) -> BatchItem {
    BatchItem {
        id: Some(written.record.id.to_string()),
        status: BatchStatus::Ok,
        error: None,
        record: shown_with.map(|schema| written_record(schema, written)),
    }
}

/// A row's error, with all its faults.
pub(crate) fn row_error(error: &RowError) -> WireRowError {
    let faults = error.faults().map(|fault| field_error(fault, fault.field.clone()));
    WireRowError {
        code: error.first.code.name().to_owned(),
        message: error.first.message.clone(),
        errors: faults.collect(),
    }
}

fn read<'o, T: Deserialize<'o>>(object: &'o [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(object)
        .map_err(|error| ApiError::invalid_field(".body", format!("The body does not describe a batch: {error}.")))
}

fn check_number(field: &str, items: usize) -> Result<(), ApiError> {
    if items <= BATCH_ITEMS_MAX {
        return Ok(());
    }
    let message = format!("A batch has at most {BATCH_ITEMS_MAX} items, not {items}; send several batches.");
    Err(ApiError::invalid_field(field, message))
}

fn id_of(raw_item: &str) -> Option<RecordId> {
    #[derive(Deserialize)]
    struct Named {
        id: Value,
    }
    let named: Named = serde_json::from_str(raw_item).ok()?;
    named.id.as_str().and_then(RecordId::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

    #[test]
    fn items_are_rows_and_name_records_where_they_can() {
        let body = format!(r#"{{"items":[{{"id":"{ID}"}}, 5 ,{{"id":7}},{{}}]}}"#);
        let (rows, ids) = update_items(body.as_bytes(), 100).expect("a batch");
        assert_eq!(rows.rows().collect::<Vec<_>>()[1..], [&b"5"[..], br#"{"id":7}"#, b"{}"]);
        assert_eq!(ids, [RecordId::parse(ID), None, None, None]);
        assert_eq!(update_items(body.as_bytes(), 10).expect_err("too large").status(), 413);
        for bad in [r#"{}"#, r#"{"items":{}}"#, r#"{"items":[],"more":1}"#] {
            assert_eq!(update_items(bad.as_bytes(), 100).expect_err(bad).status(), 400);
        }
        let many = format!(r#"{{"items":[{}]}}"#, vec!["{}"; BATCH_ITEMS_MAX + 1].join(","));
        assert_eq!(update_items(many.as_bytes(), 100).expect_err("too many").status(), 400);
    }

    #[test]
    fn ids_are_read_one_by_one() {
        let body = format!(r#"{{"ids":["{ID}","no id",7]}}"#);
        let ids = delete_ids(body.as_bytes()).expect("a batch");
        let codes: Vec<_> = ids.iter().map(|id| id.as_ref().err().map(|error| error.first.code)).collect();
        assert_eq!(codes, [None, Some(RowCode::InvalidValue), Some(RowCode::InvalidValue)]);
    }
}
