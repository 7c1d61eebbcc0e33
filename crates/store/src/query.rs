//! The verbs that look for records.

use async_trait::async_trait;
use refract_domain::ids::RecordId;
use refract_domain::key::KeyHash;
use refract_domain::object_type::ObjectType;
use refract_domain::query::RecordQuery;
use refract_domain::record::Record;

use crate::caller::Caller;
use crate::error::StoreError;

/// A record that a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    /// The record.
    pub record: Record,
    /// Whether it is hidden; only where the query shows hidden ones.
    pub deleted: bool,
    /// Its values in the query's list, a canonical body; `None` without a list.
    pub list_values: Option<String>,
}

/// One page of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPage {
    /// The records, in the query's order, at most as many as its limit.
    pub records: Vec<FoundRecord>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many the filter holds for on all pages; only where the query asks.
    pub total: Option<u64>,
}

/// The verbs that look for records. Each is one consistent read.
#[async_trait]
pub trait QueryVerbs {
    /// The page of records that the query asks for. Keys of a property that is keyed and ready find the records; any other
    /// filter reads the team's records of the type.
    ///
    /// # Errors
    /// [`StoreError::TimedOut`] when it takes longer than the store lets a query run.
    async fn query_records(&self, caller: &Caller, query: &RecordQuery) -> Result<RecordPage, StoreError>;

    /// The live records of these ids, of any type, in no order; ids that name none are left out. For references.
    async fn get_records(&self, caller: &Caller, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    /// The live records of a type that hold one of these keys, each once, by id, at most `records_max`. The keys are of
    /// a property that is keyed and ready.
    async fn find_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        keys: &[KeyHash],
        records_max: usize,
    ) -> Result<Vec<Record>, StoreError>;
}
