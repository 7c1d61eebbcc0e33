//! Saved views: kept once they can be asked, changed as they are now, and their records with the pinned ones first.

use std::collections::HashMap;

use refract_domain::ids::{RecordId, ViewId};
use refract_domain::json;
use refract_domain::limits::PINS_MAX;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::query::{
    Asked, CursorSigner, Filter, Leaf, Operand, Path, QueryContext, QueryFault, RecordQuery, Selection, Start, Test,
};
use refract_domain::view::SavedView;
use refract_store::{
    Answered, Caller, FoundRecord, Freshness, Idempotent, PutView, RecordPage, SharedStore, ViewEffect,
};
use thiserror::Error;

use crate::idempotency::IdempotentRequest;
use crate::judging::with_current_schema;
use crate::task::to_the_end;
use crate::{Engine, EngineError, Page};

/// What becomes of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewChange {
    /// Settings are replaced, `null` clears: a JSON object.
    Set(String),
    /// A record is pinned below those that are.
    Pin(RecordId),
    /// A record is let go, pinned or not.
    Unpin(RecordId),
    /// These are pinned, in this order, above those that are.
    Reorder(Vec<RecordId>),
}

/// Why a view cannot be as it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ViewFault {
    /// The team has no such view of the type.
    #[error("there is no such view")]
    NoSuchView,
    /// The team has no such live record of the type to pin.
    #[error("there is no record {0} of the view's type")]
    NoSuchRecord(RecordId),
    /// More records than can be pinned.
    #[error("a view pins at most {PINS_MAX} records")]
    TooManyPins,
}

/// The page of a view that is wanted, as it was sent.
#[derive(Debug, Clone, Default)]
pub struct PageWanted {
    /// Where it begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Rows on it.
    pub limit: Option<String>,
    /// Which it is, from 1.
    pub page: Option<String>,
}

impl PageWanted {
    /// As members of a query. What is no number is left for the query to refuse.
    fn members(&self) -> Vec<(&'static str, String)> {
        let number = |text: &String| if text.parse::<u64>().is_ok() { text.clone() } else { quoted(text) };
        let limit = self.limit.as_ref().map(|limit| ("limit", number(limit)));
        let page = self.page.as_ref().map(|page| ("page", number(page)));
        let cursor = self.cursor.as_ref().map(|cursor| ("cursor", quoted(cursor)));
        limit.into_iter().chain(page).chain(cursor).collect()
    }
}

fn quoted(text: &str) -> String {
    let mut raw_value = String::with_capacity(text.len() + 2);
    json::push_text(&mut raw_value, text);
    raw_value
}

impl Engine {
    /// Makes a view with these settings, a JSON object; under this id, where the caller gives one.
    ///
    /// # Errors
    /// [`EngineError::Query`] when the settings ask for what cannot be asked; the store's; [`EngineError::ShuttingDown`].
    pub async fn create_view(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: Option<ViewId>,
        settings: String,
        idempotent: Option<IdempotentRequest<ViewEffect>>,
    ) -> Result<Answered<ViewEffect>, EngineError> {
        self.check_accepting()?;
        let (store, now) = (self.store.clone(), self.clock.now());
        let id = id.unwrap_or_else(|| ViewId(self.ids.random_uuid()));
        let empty = "{}".to_owned();
        let mut view = SavedView {
            id,
            object_type,
            version: 1,
            created_at: now,
            updated_at: now,
            settings: empty,
            pins: Vec::new(),
        };
        view.set(&settings);
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            judge(&store, &caller, &view).await?;
            Ok(store.put_view(PutView { caller, view, now, idempotent }).await?)
        })
        .await
    }

    /// Changes a view as it is at that moment.
    ///
    /// # Errors
    /// [`EngineError::View`]; [`EngineError::Query`] when it would ask for what cannot be asked; the store's;
    /// [`EngineError::ShuttingDown`].
    pub async fn change_view(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: ViewId,
        change: ViewChange,
        idempotent: Option<IdempotentRequest<ViewEffect>>,
    ) -> Result<Answered<ViewEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock) = (self.store.clone(), self.clock.clone());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, change, idempotent) = (&store, &change, &idempotent);
            let now = clock.now();
            with_current_schema(|_| async move {
                let mut view = find(store, &caller, object_type, id).await?.ok_or(ViewFault::NoSuchView)?;
                apply(store, &caller, &mut view, change).await?;
                (view.version, view.updated_at) = (view.version + 1, now);
                put(store, caller, view, idempotent.clone()).await
            })
            .await
        })
        .await
    }

    /// Drops a view of this type; `false` when there is none.
    ///
    /// # Errors
    /// The store's; [`EngineError::ShuttingDown`].
    pub async fn delete_view(&self, caller: Caller, object_type: ObjectType, id: ViewId) -> Result<bool, EngineError> {
        self.check_accepting()?;
        let store = self.store.clone();
        to_the_end(async move {
            let is_there = find(&store, &caller, object_type, id).await?.is_some();
            Ok(is_there && store.delete_view(&caller, id).await?)
        })
        .await
    }

    /// The team's views, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn views(&self, caller: &Caller) -> Result<Vec<SavedView>, EngineError> {
        Ok(self.store.views(caller, None).await?)
    }

    /// The team's view of this type and id.
    ///
    /// # Errors
    /// [`ViewFault::NoSuchView`]; the store's.
    pub async fn view(&self, caller: &Caller, object_type: ObjectType, id: ViewId) -> Result<SavedView, EngineError> {
        Ok(find(&self.store, caller, object_type, id).await?.ok_or(ViewFault::NoSuchView)?)
    }

    /// A page of the records that a view selects: the pinned ones among them first, in their order, then the others in the
    /// view's. A cursor is good as long as the view asks the same and pins the same records.
    ///
    /// # Errors
    /// [`EngineError::Query`]; the store's.
    pub async fn view_records(
        &self,
        caller: &Caller,
        view: &SavedView,
        wanted: &PageWanted,
    ) -> Result<Page, EngineError> {
        let cursors = CursorSigner::new(&self.store.key_hasher(), caller.team_id);
        let question = view.question(&wanted.members());
        let judged = self.judge(caller, |schema| {
            let context = QueryContext { schema, object_type: view.object_type, cursors: &cursors };
            context.read_body(&question).map_err(of_page)
        });
        let (schema, mut asked) = judged.await?;
        if !view.selects() {
            asked.selection = Selection::All;
        }
        let page = match view.pins.as_slice() {
            [] => self.store.query_records(caller, &asked.query).await?,
            pins => self.page_with_pins(caller, &asked.query, pins).await?,
        };
        self.shown(caller, &schema, &asked, &page, ".view.select").await
    }

    async fn page_with_pins(
        &self,
        caller: &Caller,
        query: &RecordQuery,
        pins: &[RecordId],
    ) -> Result<RecordPage, EngineError> {
        let limit = query.limit as usize;
        let ranks: HashMap<RecordId, usize> = pins.iter().enumerate().map(|(rank, id)| (*id, rank)).collect();
        let all = u32::try_from(pins.len()).unwrap_or(u32::MAX);
        let selected =
            RecordQuery { sort: Vec::new(), start: Start::First, limit: all, count_total: false, ..query.clone() };
        let mut pinned = self.store.query_records(caller, &selected).await?.records;
        pinned.sort_by_key(|found| ranks.get(&found.record.id).copied());

        let (passed, rest_start) = start_of(&query.start, &pinned, &ranks);
        let mut records: Vec<FoundRecord> = pinned.split_off(passed.min(pinned.len()));
        let more_pinned = records.len() > limit;
        records.truncate(limit);
        if more_pinned {
            return Ok(RecordPage { records, has_more: true, total: None });
        }
        let left = limit - records.len();
        let others = RecordQuery {
            filter: Filter::All(vec![query.filter.clone(), Filter::Not(Box::new(is_one_of(pins)))]),
            ids: None,
            start: rest_start,
            // One at least, to know whether there are more.
            limit: u32::try_from(left.max(1)).unwrap_or(u32::MAX),
            count_total: false,
            ..query.clone()
        };
        let rest = self.store.query_records(caller, &others).await?;
        let has_more = rest.has_more || rest.records.len() > left;
        records.extend(rest.records.into_iter().take(left));
        Ok(RecordPage { records, has_more, total: None })
    }
}

/// How many of the pinned records come before the page, and where the page begins among the others.
fn start_of(start: &Start, pinned: &[FoundRecord], ranks: &HashMap<RecordId, usize>) -> (usize, Start) {
    match start {
        Start::First => (0, Start::First),
        Start::Offset(rows) => match usize::try_from(*rows).ok().filter(|rows| *rows <= pinned.len()) {
            Some(rows) => (rows, Start::First),
            None => (pinned.len(), Start::Offset(rows - pinned.len() as u64)),
        },
        Start::After(position) => match ranks.get(&position.id) {
            Some(last) => {
                let is_shown = |found: &&FoundRecord| ranks.get(&found.record.id).is_some_and(|rank| rank <= last);
                (pinned.iter().filter(is_shown).count(), Start::First)
            }
            None => (pinned.len(), start.clone()),
        },
    }
}

fn is_one_of(ids: &[RecordId]) -> Filter {
    let path = Path { hops: Vec::new(), leaf: Leaf::Id };
    Filter::Where(path, Test::OneOf(ids.iter().map(|id| Operand::Text(id.to_string())).collect()))
}

async fn find(
    store: &SharedStore,
    caller: &Caller,
    object_type: ObjectType,
    id: ViewId,
) -> Result<Option<SavedView>, EngineError> {
    let found = store.views(caller, Some(id)).await?.pop();
    Ok(found.filter(|view| view.object_type == object_type))
}

async fn apply(
    store: &SharedStore,
    caller: &Caller,
    view: &mut SavedView,
    change: &ViewChange,
) -> Result<(), EngineError> {
    match change {
        ViewChange::Set(settings) => {
            view.set(settings);
            judge(store, caller, view).await
        }
        ViewChange::Unpin(id) => {
            view.unpin(*id);
            Ok(())
        }
        ViewChange::Pin(id) => {
            check_there(store, caller, view, std::slice::from_ref(id)).await?;
            view.pin(*id).map_err(|_| ViewFault::TooManyPins.into())
        }
        ViewChange::Reorder(ids) => {
            check_there(store, caller, view, ids).await?;
            view.reorder(ids).map_err(|_| ViewFault::TooManyPins.into())
        }
    }
}

/// Insists on records that can be pinned. What is pinned already may be hidden by now.
async fn check_there(
    store: &SharedStore,
    caller: &Caller,
    view: &SavedView,
    ids: &[RecordId],
) -> Result<(), EngineError> {
    let unknown: Vec<RecordId> = ids.iter().copied().filter(|id| !view.pins.contains(id)).collect();
    if unknown.len() > PINS_MAX {
        return Err(ViewFault::TooManyPins.into());
    }
    let found = store.get_records(caller, &unknown).await?;
    let is_there =
        |id: &RecordId| found.iter().any(|record| record.id == *id && record.object_type == view.object_type);
    match unknown.iter().find(|id| !is_there(id)) {
        Some(id) => Err(ViewFault::NoSuchRecord(*id).into()),
        None => Ok(()),
    }
}

/// Whether the view can be asked, by the schema as it is now: views are rarely changed.
async fn judge(store: &SharedStore, caller: &Caller, view: &SavedView) -> Result<(), EngineError> {
    let schema = store.schema(caller, Freshness::Latest).await?;
    let cursors = CursorSigner::new(&store.key_hasher(), caller.team_id);
    let asked = asked(&schema, &cursors, view).map_err(EngineError::Query)?;
    let Some(group_by) = view.setting("group_by").map(json::unquote) else { return Ok(()) };
    let grouped = Selection::of_parameter(&schema, view.object_type, asked.query.list_id, Some(&group_by));
    let grouped = grouped.map_err(|fault| QueryFault { field: ".body.group_by".to_owned(), ..fault });
    grouped.map(|_| ()).map_err(EngineError::Query)
}

fn asked(schema: &Schema, cursors: &CursorSigner, view: &SavedView) -> Result<Asked, QueryFault> {
    let context = QueryContext { schema, object_type: view.object_type, cursors };
    context.read_body(&view.question(&[])).map_err(of_settings)
}

/// A fault of what a view is set to, where its body has the setting.
fn of_settings(fault: QueryFault) -> QueryFault {
    let field = fault.field.replacen(".body.query", ".body", 1);
    QueryFault { field, ..fault }
}

/// A fault of a page: in what was sent with it, or in the view, which no longer fits what the team's records are.
fn of_page(fault: QueryFault) -> QueryFault {
    let Some(member) = fault.field.strip_prefix(".body.query.") else { return fault };
    if ["cursor", "limit", "page"].contains(&member) {
        return QueryFault { field: format!(".query.{member}"), ..fault };
    }
    let message = format!("the view asks for what cannot be asked any more, PATCH it: {}", fault.message);
    QueryFault { field: format!(".view.{member}"), message, ..fault }
}

async fn put(
    store: &SharedStore,
    caller: Caller,
    view: SavedView,
    idempotent: Option<Idempotent<ViewEffect>>,
) -> Result<Answered<ViewEffect>, EngineError> {
    let now = view.updated_at;
    Ok(store.put_view(PutView { caller, view, now, idempotent }).await?)
}
