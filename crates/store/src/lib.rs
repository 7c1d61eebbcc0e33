//! The contract that every backend of Refract keeps.
//!
//! Owns the verbs (each is one transaction), the values that go in and come out, [`Lease`] and [`StoreError`], and what
//! every backend must decide alike: what a reused key means, whether a precondition holds, how outcomes are cut. Owns in
//! `conformance` (a feature) the suite that says what the verbs mean: a backend is right when it passes; in `transfer` the
//! form in which a whole store moves to another, in `query_sql` how a query becomes SQL. Must not know any database's
//! driver, HTTP, or how answers are shown.

mod account;
mod caller;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dry_run;
mod error;
mod grants;
mod idempotency;
mod import;
mod lease;
mod list;
mod query;
pub mod query_sql;
mod record;
mod schema;
mod schema_cache;
pub mod transfer;
mod undo;
mod view;

use std::sync::Arc;

pub use account::{AccountVerbs, ApiKey, NewApiKey, Team};
pub use caller::{Access, Caller};
pub use dry_run::{AdmitApply, ApplyEffect, DRAFTS_PURGED_MAX, DryRunVerbs};
pub use error::{DidItHappen, StoreError};
pub use grants::{GrantVerbs, PutGrants, kept_grants};
pub use idempotency::{
    Answered, IdempotencyClaim, Idempotent, KeptAnswer, REMEMBERED_FOR, REPLAYED_FOR, Render, Reuse,
};
pub use import::{
    AdmitJob, ApplyChunk, ChunkReceipt, ClaimJobs, IMAGES_PURGED_MAX, ImportVerbs, InlineImport, InlineReport,
    OutcomePiece, Purge, Purged, Upload,
};
pub use lease::Lease;
pub use list::{CreateList, List, ListVerbs};
pub use query::{FoundRecord, QueryVerbs, RecordPage};
pub use record::{
    BatchEffect, CreateRecord, DeleteRecord, DeleteRecords, PatchRecord, RecordEffect, RecordVerbs, RestoreRecord,
    UpdateRecords, WrittenRecord, forbidden, not_there,
};
pub use schema::{ChangeSchema, Freshness, KeyProperty, Keying, SchemaEffect, SchemaVerbs};
pub use schema_cache::SchemaCache;
pub use undo::{AdmitUndo, UndoChunk, UndoEffect, UndoVerbs};
pub use view::{PutView, ViewEffect, ViewVerbs};

/// A backend: all verbs together.
pub trait Store:
    ImportVerbs
    + UndoVerbs
    + DryRunVerbs
    + RecordVerbs
    + QueryVerbs
    + SchemaVerbs
    + ListVerbs
    + GrantVerbs
    + ViewVerbs
    + AccountVerbs
    + Send
    + Sync
{
}

impl<
    S: ImportVerbs
        + UndoVerbs
        + DryRunVerbs
        + DryRunVerbs
        + RecordVerbs
        + QueryVerbs
        + SchemaVerbs
        + ListVerbs
        + GrantVerbs
        + ViewVerbs
        + AccountVerbs
        + Send
        + Sync,
> Store for S
{
}

/// A backend as the rest of the house holds it.
pub type SharedStore = Arc<dyn Store>;
