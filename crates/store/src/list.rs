//! The verbs of lists (contract §6.1; enough of them for `list_id`).

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};

/// A list of records of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Public id.
    pub id: ListId,
    /// The name people read.
    pub name: String,
    /// The only type of its members.
    pub object_type: ObjectType,
    /// The template it was made from (contract §6.1), which also says what stages it has.
    pub template: String,
    /// An emoji or icon name.
    pub icon: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a list.
pub struct CreateList {
    /// Who.
    pub caller: Caller,
    /// The list.
    pub list: List,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<List>>,
}

/// The verbs of lists.
#[async_trait]
pub trait ListVerbs {
    /// Makes a list; the schema's version changes.
    async fn create_list(&self, command: CreateList) -> Result<Answered<List>, StoreError>;

    /// The team's lists, oldest first.
    async fn lists(&self, caller: &Caller) -> Result<Vec<List>, StoreError>;
}
