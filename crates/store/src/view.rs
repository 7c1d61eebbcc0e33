//! The verbs of saved views (contract §6.2).

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::ViewId;
use refract_domain::view::SavedView;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};

/// Keeps a view as it is to be.
pub struct PutView {
    /// Who.
    pub caller: Caller,
    /// The view. Of version 1 it is new; of any other it takes the place of the version before.
    pub view: SavedView,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<ViewEffect>>,
}

/// What came of keeping a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewEffect {
    /// It is kept.
    Kept(SavedView),
    /// There is no such view any more.
    NotFound,
    /// A new one has the id of another.
    Exists(ViewId),
    /// The team has as many views as it may ([`refract_domain::limits::VIEWS_MAX`]).
    TooMany,
}

/// The verbs of saved views.
#[async_trait]
pub trait ViewVerbs {
    /// Keeps a view; [`StoreError::SchemaChanged`] when another version than the one before is kept now: look at it again.
    async fn put_view(&self, command: PutView) -> Result<Answered<ViewEffect>, StoreError>;

    /// Drops a view; `false` when there was none.
    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<bool, StoreError>;

    /// The team's views, oldest first; only the one of this id when it is named.
    async fn views(&self, caller: &Caller, id: Option<ViewId>) -> Result<Vec<SavedView>, StoreError>;
}
