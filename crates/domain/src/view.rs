//! Saved views: a question with a name, and the records that are pinned to its top (contract §6.2).
//!
//! Owns what a view is, how it changes, and the question it asks. Must not know which settings there are beyond those
//! that ask, nor how views are sent or kept.

use std::collections::HashSet;

use crate::clock::Timestamp;
use crate::ids::{ListId, RecordId, ViewId};
use crate::json;
use crate::limits::PINS_MAX;
use crate::object_type::ObjectType;
use crate::record::BodyWriter;

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Public id.
    pub id: ViewId,
    /// The type of the records that it shows; never changes.
    pub object_type: ObjectType,
    /// 1 when made, one more with every change.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What it is set to: a JSON object without nulls.
    pub settings: String,
    /// The records that come first where the view selects them, in this order; each once.
    pub pins: Vec<RecordId>,
}

/// More records than can be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyPins;

/// The settings that say which records are shown: the names of a query's members.
const ASKING: [&str; 5] = ["select", "filter", "combinator", "sort", "list_id"];

impl SavedView {
    /// The raw value of a setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        json::members(&self.settings).find_map(|(member, raw_value)| (member == name).then_some(raw_value))
    }

    /// Changes settings: those that are named are replaced whole, `null` clears, all others stay.
    pub fn set(&mut self, patch: &str) {
        let named = |name: &str| json::members(patch).any(|(member, _)| member == name);
        let kept = json::members(&self.settings).filter(|(name, _)| !named(name));
        let mut settings = BodyWriter::with_capacity(self.settings.len() + patch.len());
        for (name, raw_value) in kept.chain(json::members(patch).filter(|(_, raw_value)| *raw_value != "null")) {
            settings.push(&name, raw_value);
        }
        self.settings = settings.finish();
    }

    /// Whether the view names what is to be shown of its records; one that does not shows everything.
    #[must_use]
    pub fn selects(&self) -> bool {
        self.setting("select").is_some_and(|raw_value| json::elements(raw_value).next().is_some())
    }

    /// Pins a record below those that are pinned; one that is pinned stays where it is.
    ///
    /// # Errors
    /// [`TooManyPins`].
    pub fn pin(&mut self, id: RecordId) -> Result<(), TooManyPins> {
        if !self.pins.contains(&id) {
            if self.pins.len() >= PINS_MAX {
                return Err(TooManyPins);
            }
            self.pins.push(id);
        }
        Ok(())
    }

    /// Lets a record go.
    pub fn unpin(&mut self, id: RecordId) {
        self.pins.retain(|pinned| *pinned != id);
    }

    /// Puts these records first, pinned or not before; those pinned that are not named follow as they stood.
    ///
    /// # Errors
    /// [`TooManyPins`].
    pub fn reorder(&mut self, ids: &[RecordId]) -> Result<(), TooManyPins> {
        let mut pins: Vec<RecordId> = Vec::with_capacity(ids.len());
        let mut seen = HashSet::new();
        pins.extend(ids.iter().chain(&self.pins).copied().filter(|id| seen.insert(*id)));
        if pins.len() > PINS_MAX {
            return Err(TooManyPins);
        }
        self.pins = pins;
        Ok(())
    }

    /// The pinned records as stores keep them: their ids, 16 bytes each.
    #[must_use]
    pub fn pins_bytes(&self) -> Vec<u8> {
        self.pins.iter().flat_map(|id| *id.as_bytes()).collect()
    }

    /// Reads [`Self::pins_bytes`]; `None` when they are cut off.
    #[must_use]
    pub fn pins_of(bytes: &[u8]) -> Option<Vec<RecordId>> {
        let (ids, rest) = bytes.as_chunks::<16>();
        rest.is_empty().then(|| ids.iter().map(|id| RecordId::from_bytes(*id)).collect())
    }

    /// What the view asks, as the body of a query. `page` are further raw members of it, such as `limit`. Names the pinned
    /// records as the only ones, where there are any: its cursors are then good for this very set of them.
    #[must_use]
    pub fn question(&self, page: &[(&str, String)]) -> String {
        let mut query = BodyWriter::with_capacity(self.settings.len());
        for (name, raw_value) in json::members(&self.settings).filter(|(name, _)| ASKING.contains(&&**name)) {
            query.push(&name, raw_value);
        }
        if self.setting("select").is_none() {
            query.push("select", "[]");
        }
        for (name, raw_value) in page {
            query.push(name, raw_value);
        }
        let mut body = BodyWriter::with_capacity(self.settings.len() + 40 * self.pins.len());
        body.push("query", &query.finish());
        if !self.pins.is_empty() {
            let ids: Vec<String> = self.pins.iter().map(|id| format!("\"{id}\"")).collect();
            body.push("id", &format!("[{}]", ids.join(",")));
        }
        body.finish()
    }

    /// Whether the view is of this list.
    #[must_use]
    pub fn is_of_list(&self, list_id: ListId) -> bool {
        self.setting("list_id").is_some_and(|raw| ListId::parse(&json::unquote(raw)) == Some(list_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(settings: &str) -> SavedView {
        SavedView {
            id: ViewId::from_bytes([1; 16]),
            object_type: ObjectType::Deal,
            version: 1,
            created_at: Timestamp(1),
            updated_at: Timestamp(1),
            settings: settings.to_owned(),
            pins: Vec::new(),
        }
    }

    fn record(byte: u8) -> RecordId {
        RecordId::from_bytes([byte; 16])
    }

    #[test]
    fn settings_are_replaced_whole_cleared_and_kept() {
        let mut changed = view(r#"{"name":"a","filter":[{"x":1}],"icon":"i"}"#);
        changed.set(r#"{"filter":[],"icon":null,"sort":[{"name":"asc"}],"group_by":null}"#);
        assert_eq!(changed.settings, r#"{"name":"a","filter":[],"sort":[{"name":"asc"}]}"#);
        assert_eq!((changed.setting("filter"), changed.setting("icon")), (Some("[]"), None));
    }

    #[test]
    fn pins_keep_their_order_and_come_once() {
        let mut pinned = view("{}");
        for byte in [1, 2, 1, 3] {
            pinned.pin(record(byte)).expect("room");
        }
        assert_eq!(pinned.pins, [1, 2, 3].map(record));
        pinned.reorder(&[record(3), record(4), record(3)]).expect("room");
        assert_eq!(pinned.pins, [3, 4, 1, 2].map(record));
        assert_eq!(SavedView::pins_of(&pinned.pins_bytes()), Some(pinned.pins.clone()));
        assert_eq!(SavedView::pins_of(&pinned.pins_bytes()[1..]), None);
        pinned.unpin(record(4));
        pinned.unpin(record(9));
        assert_eq!(pinned.pins, [3, 1, 2].map(record));
        let many: Vec<RecordId> =
            (0..PINS_MAX as u128).map(|number| RecordId::from_bytes((number << 64).to_be_bytes())).collect();
        assert_eq!(pinned.reorder(&many), Err(TooManyPins));
        let mut full = view("{}");
        full.reorder(&many).expect("room");
        assert_eq!(full.pin(record(1)), Err(TooManyPins));
        assert_eq!(full.pin(many[7]), Ok(()));
    }

    #[test]
    fn a_view_asks_what_it_is_set_to() {
        let mut asking = view(r#"{"name":"a","view_type":"table","filter":[{"x":1}],"combinator":"OR"}"#);
        let page = [("limit", "3".to_owned())];
        assert_eq!(asking.question(&page), r#"{"query":{"filter":[{"x":1}],"combinator":"OR","select":[],"limit":3}}"#);
        asking.pin(record(1)).expect("room");
        let expected =
            format!(r#"{{"query":{{"filter":[{{"x":1}}],"combinator":"OR","select":[]}},"id":["{}"]}}"#, record(1));
        assert_eq!(asking.question(&[]), expected);
        assert!(!asking.selects() && view(r#"{"select":["name"]}"#).selects());
        assert!(!view(r#"{"select":[]}"#).selects());
        let list_id = ListId::from_bytes([7; 16]);
        asking.set(&format!(r#"{{"list_id":"{list_id}"}}"#));
        assert!(asking.is_of_list(list_id) && !asking.is_of_list(ListId::from_bytes([8; 16])));
    }
}
