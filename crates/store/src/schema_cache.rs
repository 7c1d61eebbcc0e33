//! The schemas that a process has seen last, for backends that keep them in memory. Knows nothing of where they are read
//! from, nor whether one is still the present one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use refract_domain::ids::TeamId;
use refract_domain::property::Schema;

/// Schemas kept in memory; beyond that all are dropped and read again as they are asked for.
const CACHED_MAX: usize = 1_000;

/// The schemas that this process has seen last.
#[derive(Debug, Default)]
pub struct SchemaCache {
    schemas: Mutex<HashMap<TeamId, Seen>>,
}

#[derive(Debug)]
struct Seen {
    schema: Arc<Schema>,
    at: Instant,
}

impl SchemaCache {
    /// The schema as it was seen last.
    #[must_use]
    pub fn get(&self, team_id: TeamId) -> Option<Arc<Schema>> {
        self.schemas().get(&team_id).map(|seen| Arc::clone(&seen.schema))
    }

    /// The same if it was the present one so short a time ago: other processes may change it without a word.
    #[must_use]
    pub fn get_seen_within(&self, team_id: TeamId, span: Duration) -> Option<Arc<Schema>> {
        let schemas = self.schemas();
        let seen = schemas.get(&team_id).filter(|seen| seen.at.elapsed() < span)?;
        Some(Arc::clone(&seen.schema))
    }

    /// Keeps a schema that was read just now, unless a newer one is there: a slow reader may come after a writer.
    pub fn put(&self, team_id: TeamId, schema: &Arc<Schema>) {
        let mut schemas = self.schemas();
        if schemas.get(&team_id).is_some_and(|kept| kept.schema.version > schema.version) {
            return;
        }
        if schemas.len() >= CACHED_MAX {
            schemas.clear();
        }
        schemas.insert(team_id, Seen { schema: Arc::clone(schema), at: Instant::now() });
    }

    /// Every change is one insertion, so a holder that panicked has left nothing half done.
    fn schemas(&self) -> MutexGuard<'_, HashMap<TeamId, Seen>> {
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_does_not_bring_an_old_schema_back() {
        let cache = SchemaCache::default();
        let team_id = TeamId::from_bytes([1; 16]);
        assert!(cache.get(team_id).is_none());
        for version in [2, 1, 3, 2] {
            cache.put(team_id, &Arc::new(Schema::builtin(version)));
        }
        assert_eq!(cache.get(team_id).map(|schema| schema.version), Some(3));
        assert!(cache.get_seen_within(team_id, Duration::from_secs(3_600)).is_some());
        assert!(cache.get_seen_within(team_id, Duration::ZERO).is_none());
    }
}
