//! What a caller sees of records: the values selected, and what lies behind references, read in one go for every dot of
//! the longest path.

use std::collections::HashMap;
use std::sync::Arc;

use refract_domain::ids::{ListId, RecordId, TeamId};
use refract_domain::json::{members, unquote};
use refract_domain::key::KeyHash;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::query::{Facts, Known, Nesting, QueryFault, Selection};
use refract_domain::record::Record;
use refract_store::{Caller, Freshness, Keying, StoreError};

use crate::judging::key_step_of;
use crate::{Engine, EngineError};

/// What of a single record a caller wants to see.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Slugs with commas between them; everything without.
    pub select: Option<String>,
    /// The list whose values are shown too.
    pub list_id: Option<ListId>,
}

/// A record as a caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRecord {
    /// Its id.
    pub id: RecordId,
    /// Its version.
    pub version: u64,
    /// Its values, a JSON object.
    pub default: String,
    /// Its values in the list, a JSON object without any when it is no member; `None` without a list.
    pub list: Option<String>,
}

/// What is shown of the records of one answer.
pub(crate) struct Showing<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) selection: &'s Selection,
    pub(crate) list_id: Option<ListId>,
    /// The part of the request that holds what is selected.
    pub(crate) select_field: &'static str,
}

impl Engine {
    /// Reads a live record.
    ///
    /// # Errors
    /// [`EngineError::Query`] when there is no such list or property; the store's.
    pub async fn read_record(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
        view: &View,
    ) -> Result<Option<ShownRecord>, EngineError> {
        // What is wrong with the view is said before whether there is such a record.
        let (schema, selection) = self.selection(caller, object_type, view).await?;
        let Some(record) = self.store.get_record(caller, object_type, id).await? else { return Ok(None) };
        self.show(caller, &schema, &selection, &record, view).await.map(Some)
    }

    /// A record that was found, as it is seen.
    ///
    /// # Errors
    /// As [`Self::read_record`].
    pub async fn show_record(&self, caller: &Caller, record: &Record, view: &View) -> Result<ShownRecord, EngineError> {
        let (schema, selection) = self.selection(caller, record.object_type, view).await?;
        self.show(caller, &schema, &selection, record, view).await
    }

    async fn selection(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        view: &View,
    ) -> Result<(Arc<Schema>, Selection), EngineError> {
        self.judge(caller, |schema| Selection::of_parameter(schema, object_type, view.list_id, view.select.as_deref()))
            .await
    }

    /// Judges a question by the schema as it was last seen and, should it be refused, as it is now: a property may have
    /// been made on another node a moment ago.
    pub(crate) async fn judge<T>(
        &self,
        caller: &Caller,
        judge: impl Fn(&Schema) -> Result<T, QueryFault>,
    ) -> Result<(Arc<Schema>, T), EngineError> {
        let cached = self.store.schema(caller, Freshness::Cached).await?;
        if let Ok(judged) = judge(&cached) {
            return Ok((cached, judged));
        }
        let latest = self.store.schema(caller, Freshness::Latest).await?;
        let judged = judge(&latest).map_err(EngineError::Query)?;
        Ok((latest, judged))
    }

    async fn show(
        &self,
        caller: &Caller,
        schema: &Schema,
        selection: &Selection,
        record: &Record,
        view: &View,
    ) -> Result<ShownRecord, EngineError> {
        let list_values = match view.list_id {
            Some(list_id) => {
                let values = self.store.get_list_values(caller, list_id, record.id).await?;
                Some(values.unwrap_or_else(|| "{}".to_owned()))
            }
            None => None,
        };
        let facts = Facts { record, list_values: list_values.as_deref() };
        let showing = Showing { schema, selection, list_id: view.list_id, select_field: ".query.select" };
        let mut known = Known::default();
        self.learn(caller, &showing, &[facts], &mut known).await?;
        let address_id = |address: &str| address_id(address, caller.team_id);
        let (default, list) =
            showing.nesting(&known, &address_id).groups(&facts).map_err(|fault| showing.refused(fault))?;
        Ok(ShownRecord { id: record.id, version: record.version, default, list })
    }

    /// Reads what lies behind the references that are shown.
    pub(crate) async fn learn(
        &self,
        caller: &Caller,
        showing: &Showing<'_>,
        rows: &[Facts<'_>],
        known: &mut Known,
    ) -> Result<(), EngineError> {
        loop {
            let unknown =
                known.unknown(showing.selection, rows.iter().copied()).map_err(|fault| showing.refused(fault))?;
            if unknown.is_empty() {
                return Ok(());
            }
            if !unknown.ids.is_empty() {
                let found = self.store.get_records(caller, &unknown.ids).await?;
                known.add_records(&unknown.ids, found);
            }
            if !unknown.addresses.is_empty() {
                let contacts = self.contacts_of(caller, showing.schema, &unknown.addresses).await?;
                for (address, contact) in unknown.addresses.into_iter().zip(contacts) {
                    known.add_contact(address, contact);
                }
            }
        }
    }

    /// The contact of each address: the first by id of those that have it as their `email`, where contacts are found by
    /// that already. To show an identity is no reason to make it so.
    async fn contacts_of(
        &self,
        caller: &Caller,
        schema: &Schema,
        addresses: &[String],
    ) -> Result<Vec<Option<RecordId>>, StoreError> {
        const EMAIL: &str = "email";
        let is_keyed = schema.of(ObjectType::Contact).keyed_properties().any(|property| property.slug == EMAIL);
        if !is_keyed || key_step_of(&self.store, caller, ObjectType::Contact, EMAIL).await? == Keying::Building {
            return Ok(vec![None; addresses.len()]);
        }
        let scope = self.store.key_hasher().scope(caller.team_id, ObjectType::Contact, EMAIL);
        let keys: Vec<KeyHash> = addresses.iter().map(|address| scope.hash(address)).collect();
        let records_max = keys.len().saturating_mul(2);
        let mut contacts: HashMap<KeyHash, RecordId> = HashMap::new();
        for record in self.store.find_records(caller, ObjectType::Contact, &keys, records_max).await? {
            let email = members(&record.body).find(|(slug, _)| slug == EMAIL).map(|(_, raw_value)| unquote(raw_value));
            let Some(key) = email.map(|email| scope.hash(email.trim())) else { continue };
            let first = contacts.entry(key).or_insert(record.id);
            *first = record.id.min(*first);
        }
        Ok(keys.iter().map(|key| contacts.get(key).copied()).collect())
    }
}

impl<'s> Showing<'s> {
    pub(crate) fn nesting<'k>(&'k self, known: &'k Known, address_id: &'k dyn Fn(&str) -> RecordId) -> Nesting<'k> {
        Nesting::new(self.schema, self.selection, self.list_id, known, address_id)
    }

    pub(crate) fn refused(&self, fault: refract_domain::query::TooManyReferences) -> EngineError {
        EngineError::Query(fault.fault(self.select_field))
    }
}

/// The values of a record as the answer to a write shows them: all, and of what references point at the ids.
#[must_use]
pub fn written_values(schema: &Schema, record: &Record) -> String {
    let (selection, known) = (Selection::All, Known::default());
    // Addresses become records only where that is selected, and nothing is followed, so nothing can be too much.
    let own_id = |_: &str| record.id;
    let nesting = Nesting::new(schema, &selection, None, &known, &own_id);
    nesting.row(&Facts { record, list_values: None }).unwrap_or_else(|_| record.body.clone())
}

/// An address without a contact has no record of its own, yet clients expect an id: one made from team and address,
/// always the same.
pub(crate) fn address_id(address: &str, team_id: TeamId) -> RecordId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(team_id.as_bytes()).update(address.as_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    RecordId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}
