//! Looking for records: what a query means is the domain's to say, a key is held by whose body says so.

use std::collections::BTreeSet;

use async_trait::async_trait;
use refract_domain::ids::{RecordId, TeamId};
use refract_domain::json::members;
use refract_domain::key::{KeyHash, KeyHasher};
use refract_domain::object_type::ObjectType;
use refract_domain::property::TypeSchema;
use refract_domain::query::RecordQuery;
use refract_domain::record::Record;
use refract_domain::value::for_each_key_text;
use refract_store::{Caller, QueryVerbs, RecordPage, SchemaVerbs, StoreError};

use super::MemoryStore;

#[async_trait]
impl QueryVerbs for MemoryStore {
    async fn query_records(&self, _caller: &Caller, _query: &RecordQuery) -> Result<RecordPage, StoreError> {
        Err(StoreError::Unavailable("no query can be answered".to_owned()))
    }

    async fn get_records(&self, caller: &Caller, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        let wanted: BTreeSet<RecordId> = ids.iter().copied().collect();
        self.read(|state| {
            let stored = wanted.iter().filter_map(|id| state.records.get(&(caller.team_id, *id)));
            stored.filter(|stored| !stored.is_deleted).map(|stored| stored.record.clone()).collect()
        })
    }

    async fn find_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        keys: &[KeyHash],
        records_max: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let hasher = self.key_hasher();
        self.read(|state| {
            let schema = state.schema(caller.team_id);
            let holds_one = |record: &&Record| {
                let held = keys_of(&hasher, caller.team_id, schema.of(object_type), &record.body);
                keys.iter().any(|key| held.contains(key))
            };
            state.all_live(caller.team_id, object_type).filter(holds_one).take(records_max).cloned().collect()
        })
    }
}

/// The keys of a body under every keyed property.
fn keys_of(hasher: &KeyHasher, team_id: TeamId, type_schema: &TypeSchema, body: &str) -> Vec<KeyHash> {
    let mut keys = Vec::new();
    for (slug, raw_value) in members(body) {
        if let Some(property) = type_schema.keyed_properties().find(|property| property.slug == slug) {
            let scope = hasher.scope(team_id, type_schema.object_type, &slug);
            for_each_key_text(property.property_type, raw_value, &mut |text| keys.push(scope.hash(text)));
        }
    }
    keys
}
