//! `suspect`: notes which row is being judged.

use refract_store::Lease;

use crate::store::PostgresStore;

/// See [`refract_store::ImportVerbs::suspect`].
pub(crate) fn suspect(store: &PostgresStore, lease: &Lease, row: Option<u32>) {
    store.shared.notes.write(lease.spec.team_id, lease.spec.id, lease.attempt, row);
}
