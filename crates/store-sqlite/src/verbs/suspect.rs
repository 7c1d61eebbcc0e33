//! `suspect`: notes which row is being judged.

use refract_store::Lease;

use crate::store::SqliteStore;

/// See [`refract_store::ImportVerbs::suspect`].
pub(crate) fn suspect(store: &SqliteStore, lease: &Lease, row: Option<u32>) {
    store.shared.notes.write(lease.spec.id, lease.attempt, row);
}
