//! Schemas, keyed properties, lists.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::ids::RecordId;
use refract_domain::key::KeyHasher;
use refract_domain::property::{ListSchema, Schema, app_stage, list_template};
use refract_store::{
    Answered, Caller, ChangeSchema, CreateList, Freshness, KeyProperty, Keying, List, ListVerbs, SchemaEffect,
    SchemaVerbs, StoreError,
};

use super::MemoryStore;

#[async_trait]
impl SchemaVerbs for MemoryStore {
    fn key_hasher(&self) -> KeyHasher {
        KeyHasher::new([42; 16])
    }

    async fn schema(&self, caller: &Caller, _freshness: Freshness) -> Result<Arc<Schema>, StoreError> {
        self.read(|state| state.schema(caller.team_id))
    }

    async fn change_schema(&self, command: ChangeSchema) -> Result<Answered<SchemaEffect>, StoreError> {
        let ChangeSchema { caller, judged_version, edit, now, idempotent } = command;
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |state| {
                if state.schema(caller.team_id).version != judged_version {
                    return Err(StoreError::SchemaChanged);
                }
                let found = edit.unless.as_ref().map(|query| state.page(caller.team_id, query));
                if let Some(found) = found.as_ref().and_then(|page| page.records.first()) {
                    return Ok(SchemaEffect::Blocked(edit.edited, found.record.id));
                }
                state.change_schema(caller.team_id, |schema| {
                    edit.changes.into_iter().for_each(|change| schema.apply(change));
                });
                Ok(SchemaEffect::Changed(edit.edited))
            })
        })
    }

    async fn key_property(&self, command: KeyProperty) -> Result<Keying, StoreError> {
        let KeyProperty { caller, object_type, slug, batch_max } = command;
        let team_id = caller.team_id;
        self.transaction(|state| {
            let place = (team_id, object_type, slug.clone());
            let is_keyed = state.schema(team_id).of(object_type).keyed_properties().any(|keyed| keyed.slug == slug);
            if is_keyed && !state.building.contains_key(&place) {
                return Ok(Keying::Ready);
            }
            if !is_keyed {
                let property = state.schema(team_id).of(object_type).property(&slug).cloned();
                if !property.is_some_and(|property| property.property_type.can_be_key()) {
                    return Err(StoreError::SchemaChanged);
                }
                state.change_schema(team_id, |schema| schema.of_mut(object_type).set_keyed(&slug));
            }
            let looked_at = state.building.remove(&place).flatten();
            let rest = state.all_live(team_id, object_type).map(|record| record.id);
            let batch: Vec<RecordId> = rest.filter(|id| Some(*id) > looked_at).take(batch_max).collect();
            if batch.len() < batch_max {
                return Ok(Keying::Ready);
            }
            state.building.insert(place, batch.last().copied());
            Ok(Keying::Building)
        })
    }
}

#[async_trait]
impl ListVerbs for MemoryStore {
    async fn create_list(&self, command: CreateList) -> Result<Answered<List>, StoreError> {
        let CreateList { caller, list, idempotent } = command;
        let stages = list_template(&list.template).map_or(&[] as &[&str], |template| template.stages);
        self.transaction(|state| {
            state.once(&caller, idempotent, list.created_at, |state| {
                state.change_schema(caller.team_id, |schema| {
                    let properties = vec![app_stage(list.id, stages)];
                    let made = ListSchema { id: list.id, object_type: list.object_type, properties };
                    schema.lists.insert(list.id, made);
                });
                state.lists.push((caller.team_id, list.clone()));
                Ok(list)
            })
        })
    }

    async fn lists(&self, caller: &Caller) -> Result<Vec<List>, StoreError> {
        self.read(|state| {
            let mine = state.lists.iter().filter(|(team_id, _)| *team_id == caller.team_id);
            mine.map(|(_, list)| list.clone()).collect()
        })
    }
}
