//! Saved views.

use async_trait::async_trait;
use refract_domain::ids::ViewId;
use refract_domain::limits::VIEWS_MAX;
use refract_domain::view::SavedView;
use refract_store::{Answered, Caller, PutView, StoreError, ViewEffect, ViewVerbs};

use super::MemoryStore;

#[async_trait]
impl ViewVerbs for MemoryStore {
    async fn put_view(&self, command: PutView) -> Result<Answered<ViewEffect>, StoreError> {
        let PutView { caller, view, now, idempotent } = command;
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| {
                let of_team = within.views.iter().filter(|(team_id, _)| *team_id == caller.team_id).count();
                let mut views = within.views.iter_mut();
                let kept = views.find(|(team_id, kept)| *team_id == caller.team_id && kept.id == view.id);
                match kept {
                    _ if view.version == 1 && of_team >= VIEWS_MAX => return Ok(ViewEffect::TooMany),
                    Some(_) if view.version == 1 => return Ok(ViewEffect::Exists(view.id)),
                    Some((_, kept)) if kept.version + 1 == view.version => kept.clone_from(&view),
                    Some(_) => return Err(StoreError::SchemaChanged),
                    None if view.version == 1 => within.views.push((caller.team_id, view.clone())),
                    None => return Ok(ViewEffect::NotFound),
                }
                Ok(ViewEffect::Kept(view))
            })
        })
    }

    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<bool, StoreError> {
        self.transaction(|state| {
            let before = state.views.len();
            state.views.retain(|(team_id, view)| *team_id != caller.team_id || view.id != id);
            Ok(state.views.len() < before)
        })
    }

    async fn views(&self, caller: &Caller, id: Option<ViewId>) -> Result<Vec<SavedView>, StoreError> {
        self.read(|state| {
            let mine = state.views.iter().filter(|(team_id, _)| *team_id == caller.team_id);
            mine.map(|(_, view)| view).filter(|view| id.is_none_or(|id| view.id == id)).cloned().collect()
        })
    }
}
