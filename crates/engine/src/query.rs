//! Questions about many records: judged against the schema, answered by the store, shown with what lies behind references.

use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::query::{Asked, CursorSigner, Facts, Known, QueryContext, RecordQuery, position_of};
use refract_store::{Caller, RecordPage};

use crate::show::{Showing, address_id};
use crate::{Engine, EngineError};

/// What a caller asks, as it was sent.
#[derive(Debug, Clone, Copy)]
pub enum Question<'q> {
    /// The body of a query (contract §3.5): JSON.
    Body(&'q str),
    /// The parameters of a list, decoded (contract §3.4).
    Parameters(&'q [(String, String)]),
}

impl Question<'_> {
    const fn select_field(self) -> &'static str {
        match self {
            Self::Body(_) => ".body.query.select",
            Self::Parameters(_) => ".query.select",
        }
    }
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The records in the order asked for, with the values selected as JSON objects.
    pub rows: Vec<(RecordId, String)>,
    /// What asks for the next page; `None` when there is none.
    pub next_cursor: Option<String>,
    /// How many there are on all pages, where it was asked.
    pub total: Option<u64>,
}

impl Engine {
    /// Answers a question.
    ///
    /// # Errors
    /// [`EngineError::Query`] when it cannot be asked; the store's.
    pub async fn query(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        question: Question<'_>,
    ) -> Result<Page, EngineError> {
        let cursors = CursorSigner::new(&self.store.key_hasher(), caller.team_id);
        let (schema, asked) = self
            .judge(caller, |schema| {
                let context = QueryContext { schema, object_type, cursors: &cursors };
                match question {
                    Question::Body(body) => context.read_body(body),
                    Question::Parameters(parameters) => {
                        context.read_list(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
                    }
                }
            })
            .await?;
        let page = self.store.query_records(caller, &asked.query).await?;
        self.shown(caller, &schema, &asked, &page, question.select_field()).await
    }

    /// What a page of records is to the one who asked. Its cursor is good for the question as it is in `asked`.
    pub(crate) async fn shown(
        &self,
        caller: &Caller,
        schema: &Schema,
        asked: &Asked,
        page: &RecordPage,
        select_field: &'static str,
    ) -> Result<Page, EngineError> {
        let rows: Vec<Facts<'_>> = page
            .records
            .iter()
            .map(|found| Facts { record: &found.record, list_values: found.list_values.as_deref() })
            .collect();
        let showing = Showing { schema, selection: &asked.selection, list_id: asked.query.list_id, select_field };
        let mut known = Known::default();
        self.learn(caller, &showing, &rows, &mut known).await?;
        let next_cursor = match rows.last().filter(|_| page.has_more) {
            Some(last) => Some(self.cursor_after(caller, &asked.query, last, &mut known).await?),
            None => None,
        };
        let address_id = |address: &str| address_id(address, caller.team_id);
        let nesting = showing.nesting(&known, &address_id);
        let shown: Result<Vec<_>, _> = rows.iter().map(|facts| Ok((facts.record.id, nesting.row(facts)?))).collect();
        Ok(Page { rows: shown.map_err(|fault| showing.refused(fault))?, next_cursor, total: page.total })
    }

    /// The cursor of the page after this record, whose place may depend on what its references point at.
    async fn cursor_after(
        &self,
        caller: &Caller,
        query: &RecordQuery,
        last: &Facts<'_>,
        known: &mut Known,
    ) -> Result<String, EngineError> {
        let cursors = CursorSigner::new(&self.store.key_hasher(), caller.team_id);
        loop {
            let ids = known.unknown_to_order(&query.sort, last);
            if ids.is_empty() {
                let position = position_of(&query.sort, last, &|id| known.record(id));
                return Ok(cursors.sign(query, &position));
            }
            let found = self.store.get_records(caller, &ids).await?;
            known.add_records(&ids, found);
        }
    }
}
