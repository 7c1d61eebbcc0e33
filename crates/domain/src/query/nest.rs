//! Answers as they are shown: values with the records that references point at nested in them (contract §3.1).
//!
//! Owns the JSON of values. Must not read: who shows a page asks [`Known::unknown`] what is missing, reads it in one go,
//! adds it, and asks again until nothing is: at most once for every dot of the longest path.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use super::fault::QueryFault;
use super::holds::Facts;
use super::selection::{Behind, Chosen, Selection};
use super::{Scope, SortKey};
use crate::ids::{ListId, RecordId};
use crate::json::{elements, members, unquote};
use crate::limits::{NESTED_BYTES_MAX, NESTED_RECORDS_MAX};
use crate::object_type::ObjectType;
use crate::property::{Property, PropertyType, Schema};
use crate::record::{BodyWriter, Record};

/// The records behind references, as far as they were read.
#[derive(Debug, Clone, Default)]
pub struct Known {
    records: HashMap<RecordId, Option<Record>>,
    contacts: HashMap<String, Option<RecordId>>,
}

/// What must be read next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Records by id, each once, ascending.
    pub ids: Vec<RecordId>,
    /// Addresses whose contacts are shown, each once.
    pub addresses: Vec<String>,
}

impl Unknown {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.addresses.is_empty()
    }
}

/// More is behind the references of one page than one answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyReferences;

impl TooManyReferences {
    /// As an answer; `field` is the part of the request that holds `select`.
    #[must_use]
    pub fn fault(self, field: &str) -> QueryFault {
        let message = format!(
            "what is selected lies behind more than {NESTED_RECORDS_MAX} references, or is larger than {NESTED_BYTES_MAX} \
             bytes, on this page alone; ask for fewer records at a time, or select less"
        );
        QueryFault::too_complex(field, message)
    }
}

impl Known {
    /// Adds the live records among those that were asked for; the others are known to be none.
    pub fn add_records(&mut self, asked: &[RecordId], found: Vec<Record>) {
        self.records.extend(asked.iter().map(|id| (*id, None)));
        self.records.extend(found.into_iter().map(|record| (record.id, Some(record))));
    }

    /// Adds the contact of an address, if there is one.
    pub fn add_contact(&mut self, address: String, contact: Option<RecordId>) {
        self.contacts.insert(address, contact);
    }

    /// The live record of this id, if it is known.
    #[must_use]
    pub fn record(&self, id: RecordId) -> Option<&Record> {
        self.records.get(&id)?.as_ref()
    }

    /// What the selection shows of these records and is not known yet.
    ///
    /// # Errors
    /// [`TooManyReferences`]
    pub fn unknown<'r>(
        &self,
        selection: &Selection,
        rows: impl Iterator<Item = Facts<'r>>,
    ) -> Result<Unknown, TooManyReferences> {
        let Selection::Only(chosen) = selection else { return Ok(Unknown::default()) };
        let mut search = Search { known: self, ids: BTreeSet::new(), addresses: BTreeSet::new(), followed: 0 };
        for facts in rows {
            search.look(chosen, &facts)?;
        }
        Ok(Unknown { ids: search.ids.into_iter().collect(), addresses: search.addresses.into_iter().collect() })
    }

    /// The records that the place of this one in the order depends on and that are not known yet.
    #[must_use]
    pub fn unknown_to_order(&self, sort: &[SortKey], facts: &Facts<'_>) -> Vec<RecordId> {
        let next_unknown = |key: &SortKey| {
            let mut here = *facts;
            for hop in &key.path.hops {
                let id = RecordId::parse(&unquote(raw_value(&here, hop.scope, &hop.slug)?))?;
                let record = self.records.get(&id);
                let Some(known) = record else { return Some(id) };
                here = Facts { record: known.as_ref()?, list_values: None };
            }
            None
        };
        let ids: BTreeSet<RecordId> = sort.iter().filter_map(next_unknown).collect();
        ids.into_iter().collect()
    }
}

fn raw_value<'r>(facts: &Facts<'r>, scope: Scope, slug: &str) -> Option<&'r str> {
    let body = match scope {
        Scope::Workspace => facts.record.body.as_str(),
        Scope::List(_) => facts.list_values?,
    };
    members(body).find(|(name, _)| name == slug).map(|(_, raw_value)| raw_value)
}

/// The references of a property's value: one, or the elements of an array.
fn references(raw_value: &str, multiple: bool) -> impl Iterator<Item = &str> {
    let one = (!multiple).then_some(raw_value);
    one.into_iter().chain(elements(if multiple { raw_value } else { "[]" }))
}

struct Search<'k> {
    known: &'k Known,
    ids: BTreeSet<RecordId>,
    addresses: BTreeSet<String>,
    followed: usize,
}

impl Search<'_> {
    fn look(&mut self, chosen: &[Chosen], facts: &Facts<'_>) -> Result<(), TooManyReferences> {
        for one in chosen {
            let Some(raw_value) = raw_value(facts, one.scope, &one.slug) else { continue };
            match &one.behind {
                Behind::Value { .. } => {}
                Behind::Addresses => self.look_for_contacts(raw_value)?,
                Behind::References { multiple, target, chosen } if !chosen.is_empty() => {
                    for reference in references(raw_value, *multiple) {
                        self.follow(reference, *target, chosen)?;
                    }
                }
                Behind::References { .. } => {}
            }
        }
        Ok(())
    }

    fn look_for_contacts(&mut self, raw_value: &str) -> Result<(), TooManyReferences> {
        for raw_address in elements(raw_value) {
            self.count()?;
            let address = unquote(raw_address);
            if !self.known.contacts.contains_key(&*address) {
                self.addresses.insert(address.into_owned());
            }
        }
        Ok(())
    }

    fn follow(&mut self, raw_id: &str, target: ObjectType, chosen: &[Chosen]) -> Result<(), TooManyReferences> {
        self.count()?;
        let Some(id) = RecordId::parse(&unquote(raw_id)) else { return Ok(()) };
        match self.known.records.get(&id) {
            None => {
                self.ids.insert(id);
                Ok(())
            }
            Some(Some(record)) if record.object_type == target => {
                self.look(chosen, &Facts { record, list_values: None })
            }
            Some(_) => Ok(()),
        }
    }

    fn count(&mut self) -> Result<(), TooManyReferences> {
        self.followed += 1;
        if self.followed > NESTED_RECORDS_MAX { Err(TooManyReferences) } else { Ok(()) }
    }
}

/// Writes the records of one page.
pub struct Nesting<'a> {
    schema: &'a Schema,
    selection: &'a Selection,
    list_id: Option<ListId>,
    known: &'a Known,
    address_id: &'a dyn Fn(&str) -> RecordId,
    followed: Cell<usize>,
    bytes: Cell<usize>,
}

impl<'a> Nesting<'a> {
    /// `list_id` is the list whose values are shown beside the record's own; `address_id` gives an id to an address
    /// without a contact.
    #[must_use]
    pub fn new(
        schema: &'a Schema,
        selection: &'a Selection,
        list_id: Option<ListId>,
        known: &'a Known,
        address_id: &'a dyn Fn(&str) -> RecordId,
    ) -> Self {
        Self { schema, selection, list_id, known, address_id, followed: Cell::new(0), bytes: Cell::new(0) }
    }

    /// The values of a row, as a JSON object: its own and those in the list, which win.
    ///
    /// # Errors
    /// [`TooManyReferences`], counted over all that was written so far.
    pub fn row(&self, facts: &Facts<'_>) -> Result<String, TooManyReferences> {
        let mut writer = BodyWriter::with_capacity(facts.record.body.len());
        match self.selection {
            Selection::Only(chosen) => self.push_chosen(&mut writer, chosen, facts, |_| true)?,
            Selection::All => {
                let in_list = facts.list_values.unwrap_or("{}");
                let is_hidden = |slug: &str| members(in_list).any(|(name, _)| name == slug);
                let own = self.schema.of(facts.record.object_type);
                self.push_all(&mut writer, &facts.record.body, is_hidden, |slug| own.property(slug))?;
                self.push_list(&mut writer, in_list)?;
            }
        }
        Ok(writer.finish())
    }

    /// The values of a record in their groups, each a JSON object: `default`, and `list` where there are list values.
    ///
    /// # Errors
    /// [`TooManyReferences`], counted over all that was written so far.
    pub fn groups(&self, facts: &Facts<'_>) -> Result<(String, Option<String>), TooManyReferences> {
        let mut default = BodyWriter::with_capacity(facts.record.body.len());
        let mut list = facts.list_values.map(|values| BodyWriter::with_capacity(values.len()));
        match self.selection {
            Selection::Only(chosen) => {
                self.push_chosen(&mut default, chosen, facts, |scope| scope == Scope::Workspace)?;
                if let Some(writer) = &mut list {
                    self.push_chosen(writer, chosen, facts, |scope| scope != Scope::Workspace)?;
                }
            }
            Selection::All => {
                let own = self.schema.of(facts.record.object_type);
                self.push_all(&mut default, &facts.record.body, |_| false, |slug| own.property(slug))?;
                if let Some(writer) = &mut list {
                    self.push_list(writer, facts.list_values.unwrap_or("{}"))?;
                }
            }
        }
        Ok((default.finish(), list.map(BodyWriter::finish)))
    }

    fn push_list(&self, writer: &mut BodyWriter, values: &str) -> Result<(), TooManyReferences> {
        let list = self.list_id.and_then(|list_id| self.schema.lists.get(&list_id));
        self.push_all(writer, values, |_| false, |slug| list.and_then(|list| list.property(slug)))
    }

    fn push_all<'p>(
        &self,
        writer: &mut BodyWriter,
        body: &str,
        is_hidden: impl Fn(&str) -> bool,
        property_of: impl Fn(&str) -> Option<&'p Property>,
    ) -> Result<(), TooManyReferences> {
        for (slug, raw_value) in members(body).filter(|(slug, _)| !is_hidden(slug)) {
            // Values of archived properties are kept, and not shown.
            let Some(property) = property_of(&slug) else { continue };
            match property.property_type {
                PropertyType::Ref(target) => {
                    writer.push(&slug, &self.nested(raw_value, false, target, &[])?);
                }
                PropertyType::MultiRef(target) => {
                    writer.push(&slug, &self.nested(raw_value, true, target, &[])?);
                }
                _ => writer.push(&slug, raw_value),
            }
        }
        Ok(())
    }

    fn push_chosen(
        &self,
        writer: &mut BodyWriter,
        chosen: &[Chosen],
        facts: &Facts<'_>,
        is_wanted: impl Fn(Scope) -> bool,
    ) -> Result<(), TooManyReferences> {
        for one in chosen.iter().filter(|one| is_wanted(one.scope)) {
            let Some(raw_value) = raw_value(facts, one.scope, &one.slug) else {
                writer.push(&one.slug, one.behind.nothing());
                continue;
            };
            match &one.behind {
                Behind::Value { .. } => writer.push(&one.slug, raw_value),
                Behind::Addresses => writer.push(&one.slug, &self.addresses(raw_value)?),
                Behind::References { multiple, target, chosen } => {
                    writer.push(&one.slug, &self.nested(raw_value, *multiple, *target, chosen)?);
                }
            }
        }
        Ok(())
    }

    /// References as `{"id", "properties"}`. One that leads to no live record keeps its id and has no properties.
    fn nested(
        &self,
        raw_value: &str,
        multiple: bool,
        target: ObjectType,
        chosen: &[Chosen],
    ) -> Result<String, TooManyReferences> {
        let mut records = Vec::new();
        for raw_id in references(raw_value, multiple) {
            let properties = self.behind(raw_id, target, chosen)?;
            records.push(format!(r#"{{"id":{raw_id},"properties":{properties}}}"#));
        }
        if multiple { Ok(format!("[{}]", records.join(","))) } else { Ok(records.concat()) }
    }

    fn behind(&self, raw_id: &str, target: ObjectType, chosen: &[Chosen]) -> Result<String, TooManyReferences> {
        let nothing = || Ok("{}".to_owned());
        if chosen.is_empty() {
            return nothing();
        }
        self.count(0)?;
        let record = RecordId::parse(&unquote(raw_id)).and_then(|id| self.known.record(id));
        let Some(record) = record.filter(|record| record.object_type == target) else { return nothing() };
        let mut writer = BodyWriter::with_capacity(64);
        self.push_chosen(&mut writer, chosen, &Facts { record, list_values: None }, |_| true)?;
        let properties = writer.finish();
        self.count(properties.len())?;
        Ok(properties)
    }

    /// Addresses as records with their `email`.
    fn addresses(&self, raw_value: &str) -> Result<String, TooManyReferences> {
        let mut records = Vec::new();
        for raw_address in elements(raw_value) {
            self.count(0)?;
            let address = unquote(raw_address);
            let contact = self.known.contacts.get(&*address).copied().flatten();
            let id = contact.unwrap_or_else(|| (self.address_id)(&address));
            records.push(format!(r#"{{"id":"{id}","properties":{{"email":{raw_address}}}}}"#));
        }
        Ok(format!("[{}]", records.join(",")))
    }

    /// Counts a reference that is followed, or the bytes that were found behind one.
    fn count(&self, bytes: usize) -> Result<(), TooManyReferences> {
        self.followed.set(self.followed.get() + usize::from(bytes == 0));
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        let fits = self.followed.get() <= NESTED_RECORDS_MAX && self.bytes.get() <= NESTED_BYTES_MAX;
        if fits { Ok(()) } else { Err(TooManyReferences) }
    }
}
