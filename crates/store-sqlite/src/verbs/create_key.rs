//! `create_key`: keeps an API key.

use refract_store::{NewApiKey, StoreError};

use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const INSERT: &str = include_str!("../sql/create_key.sql");

/// See [`refract_store::AccountVerbs::create_key`].
#[tracing::instrument(name = "store.create_key", skip_all, fields(key_id = %new.key.id))]
pub(crate) async fn create_key(store: &SqliteStore, new: NewApiKey) -> Result<bool, StoreError> {
    let work = move |write: &mut WriteContext<'_>| {
        let NewApiKey { key, sha256 } = new;
        let team_no = require_team(write.connection, key.team_id)?.team_no;
        let inserted = write.connection.prepare_cached(INSERT)?.execute((
            key.id.as_bytes(),
            team_no,
            &key.label,
            key.access.name(),
            sha256,
            key.created_at.0,
            key.revoked_at.map(|revoked_at| revoked_at.0),
        ))?;
        Ok(inserted > 0)
    };
    store.threads.writer.write(Lane::Small, work).await
}
