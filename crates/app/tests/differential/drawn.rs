//! Imports as they are drawn: mostly sound, with all options of the contract; some with rows or requests that are bad in
//! every way; some a repeat of an earlier one under the same idempotency key, or under it another one. Between them other
//! requests change and hide records.

use refract_testkit::Drawer;
use refract_testkit::strategies::{DrawnImport, contact_values, import, organization_values};
use serde_json::{Map, Value, json};

/// Stands where the id of a server's list does: the sides put their own in.
pub(crate) const LIST: &str = "00000000-aaaa-4000-8000-0000000011f7";

/// Rows of an import, at most: beyond what is done at once.
const ROWS_MAX: usize = 24;

/// A request to import.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) object_type: String,
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) key: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A request on one record.
#[derive(Debug, Clone)]
pub(crate) enum Other {
    Create(String, String),
    /// The place of a record among those seen, and new values.
    Patch(usize, String),
    Delete(usize),
}

/// Rows that no strategy makes, as they stand in a body.
const BAD_ROWS: &[&str] = &[
    r#"{"default":{"email":"a@x.io\u0000"}}"#,
    r#"{"default":{"email":"\ud800@x.io"}}"#,
    r#"{"default":{"city":1e999}}"#,
    r#"{"default":{"city":true}}"#,
    r#"{"default":{"employee_count":12345678901234567890123}}"#,
    r#"{"default":{"employee_count":1.5}}"#,
    r#"{"default":{"employee_count":"12"}}"#,
    r#"{"default":{"first_interaction_date":"2024-02-30"}}"#,
    r#"{"default":{"first_interaction_date":"2024-02-29"}}"#,
    r#"{"default":{"tags":"vip"}}"#,
    r#"{"default":{"tags":[1]}}"#,
    r#"{"default":{"tags":["  "]}}"#,
    r#"{"default":{"company":"not an id"}}"#,
    r#"{"default":{"email":{"a":1}}}"#,
    r#"{"default":{"id":"x"}}"#,
    r#"{"default":{"domains":["a.io","A.IO"]}}"#,
    r#"{"default":[]}"#,
    r#"{"default":null}"#,
    r#"{"DEFAULT":{"email":"a@x.io"}}"#,
    r#"{}"#,
    r#"[]"#,
    r#"null"#,
    r#"{"default":{},"list":{"app_stage":"Talking"}}"#,
    r#"{"default":{},"list":{"app_stage":7}}"#,
    r#"{"default":{},"list":[]}"#,
    r#"{"id":"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF","default":{"city":"Oslo"}}"#,
    r#"{"id":null,"default":{"city":"Oslo"}}"#,
    r#"{"id":7,"default":{}}"#,
    r#"{"default":{"email":"a@x.io"},"extra":1}"#,
    r#"{"default":{"full_name":"e\u0301"}}"#,
    r#"{"default":{"city":"İstanbul"}}"#,
];

/// Bodies that are no import.
const BAD_BODIES: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    r#"{"objects":[}"#,
    r#"{"objects":[{"default":{}}]"#,
    r#"{"objects":[{"default":{}}]} x"#,
    r#"{"objects":[{"default":{}},]}"#,
    r#"{"objects":{}}"#,
    r#"{"objects":null}"#,
    r#"{"options":{}}"#,
    r#"{"objects":[],"objects":[]}"#,
    r#"{"objects":[{"default":{"city":"Oslo","city":"Bergen"}}]}"#,
    r#"{"objects":[{"default":{}}],"options":{"dedupe_by":"email","dedupe_by":"city"}}"#,
    r#"{"objects":[],"more":1}"#,
    r#"{"objects":[{"default":{"email":"a@x.io"}}],"options":[]}"#,
    "{\"objects\":[{\"default\":{\"city\":\"\u{1}\"}}]}",
];

/// Options that ask for what there is not.
const BAD_OPTIONS: &[&str] = &[
    r#"{"dedupe_by":"no_such"}"#,
    r#"{"dedupe_by":["email","city"]}"#,
    r#"{"dedupe_by":"tags"}"#,
    r#"{"dedupe_by":1}"#,
    r#"{"no_such_option":true}"#,
    r#"{"update_existing":"yes"}"#,
    r#"{"require_list_stage":true}"#,
    r#"{"list_id":"5d1c7e0a-0000-4000-8000-00000000feed"}"#,
    r#"{"list_id":"nonsense"}"#,
    r#"{"caseInsensitive":null}"#,
];

/// Idempotency keys that are none.
const BAD_KEYS: &[&str] = &["", " ", "with space", "\u{e4}"];

/// Draws requests; the same from the same seed.
#[derive(Debug)]
pub(crate) struct Draw {
    drawer: Drawer,
    /// Requests with a key, sent to the present team.
    keyed: Vec<Drawn>,
    keys: usize,
}

impl Draw {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { drawer: Drawer::seeded(seed), keyed: Vec::new(), keys: 0 }
    }

    /// What was sent to another team is forgotten.
    pub(crate) fn begin_team(&mut self) {
        self.keyed.clear();
    }

    /// Requests before the next import, of which most have none; there are so many records.
    pub(crate) fn others(&mut self, records: usize) -> Vec<Other> {
        if !self.drawer.once_in(3) {
            return Vec::new();
        }
        let contact = self.drawer.draw(&contact_values());
        let organization = self.drawer.draw(&organization_values());
        let (object_type, values) =
            if self.drawer.once_in(2) { ("contact", contact) } else { ("organization", organization) };
        let body = json!({ "default": values }).to_string();
        let record = self.drawer.below(records.max(1));
        vec![match self.drawer.below(4) {
            _ if records == 0 => Other::Create(object_type.to_owned(), body),
            0 => Other::Create(object_type.to_owned(), body),
            1 => Other::Delete(record),
            _ => Other::Patch(record, body),
        }]
    }

    /// The next import.
    pub(crate) fn import(&mut self) -> Drawn {
        if !self.keyed.is_empty() && self.drawer.once_in(10) {
            let place = self.drawer.below(self.keyed.len());
            let mut again = self.keyed[place].clone();
            if self.drawer.once_in(4) {
                again.body = br#"{"objects":[{"default":{"city":"Another request"}}]}"#.to_vec();
            }
            return again;
        }
        let rows_max = *self.drawer.one_of(&[2, 6, ROWS_MAX]);
        let DrawnImport { object_type, options, joins_list, rows } = self.drawer.draw(&import(rows_max));
        let mut asked = Map::new();
        if let Some(slug) = options.dedupe_by {
            asked.insert("dedupe_by".to_owned(), slug.into());
        }
        for (name, is_asked) in [
            ("caseInsensitive", options.case_insensitive),
            ("update_existing", options.update_existing),
            ("create_missing_options", options.create_missing_options),
        ] {
            // What is left out has its default.
            if is_asked || self.drawer.once_in(3) {
                asked.insert(name.to_owned(), is_asked.into());
            }
        }
        if asked.contains_key("dedupe_by") {
            asked.insert("deleted_matches".to_owned(), options.deleted_matches.name().into());
        }
        if joins_list {
            let name = *self.drawer.one_of(&["list_id", "list_id", "crm_id"]);
            asked.insert(name.to_owned(), LIST.into());
            if self.drawer.once_in(4) {
                asked.insert("require_list_stage".to_owned(), true.into());
            }
        }
        let rows = self.rows(rows);
        let options = self.options(Value::Object(asked).to_string());
        let object_type = object_type.name().to_owned();
        let mut drawn = Drawn {
            path: format!("{object_type}/import"),
            object_type,
            content_type: "application/json",
            key: None,
            body: self.body(&rows, &options),
        };
        self.spoil(&mut drawn);
        self.give_key(&mut drawn);
        drawn
    }

    fn rows(&mut self, rows: Vec<Value>) -> String {
        let mut texts: Vec<String> = rows.iter().map(Value::to_string).collect();
        for text in &mut texts {
            if self.drawer.once_in(25) {
                *text = match self.drawer.below(BAD_ROWS.len() + 3) {
                    0 => format!(r#"{{"default":{{"email":"{}@x.io"}}}}"#, "a".repeat(3_000)),
                    1 => format!(r#"{{"default":{{"city":{}{}}}}}"#, "[".repeat(200), "]".repeat(200)),
                    2 => {
                        let members: Vec<String> = (0..600).map(|number| format!(r#""p{number}":1"#)).collect();
                        format!(r#"{{"default":{{{}}}}}"#, members.join(","))
                    }
                    place => BAD_ROWS[place - 3].to_owned(),
                };
            }
        }
        texts.join(if self.drawer.once_in(2) { "," } else { " ,\n" })
    }

    fn options(&mut self, sound: String) -> String {
        if self.drawer.once_in(15) { (*self.drawer.one_of(BAD_OPTIONS)).to_owned() } else { sound }
    }

    /// Options may stand before the rows, behind them, or not at all.
    fn body(&mut self, rows: &str, options: &str) -> Vec<u8> {
        let body = match self.drawer.below(8) {
            0 => format!(r#"{{"objects":[{rows}]}}"#),
            1..4 => format!(r#"{{"options":{options},"objects":[{rows}]}}"#),
            _ => format!("{{ \"objects\" : [ {rows} ],\n\"options\" : {options} }}"),
        };
        body.into_bytes()
    }

    fn spoil(&mut self, drawn: &mut Drawn) {
        match self.drawer.below(60) {
            0..3 => drawn.body = self.drawer.one_of(BAD_BODIES).as_bytes().to_vec(),
            3 => drawn.body.truncate(drawn.body.len() / 2),
            4 => drawn.body.insert(drawn.body.len() / 2, 0xff),
            5 => drawn.content_type = "text/csv",
            6 => drawn.path = (*self.drawer.one_of(&["event/import", "person/import", "contact/imports"])).to_owned(),
            _ => {}
        }
    }

    fn give_key(&mut self, drawn: &mut Drawn) {
        match self.drawer.below(12) {
            0..4 => {
                self.keys += 1;
                drawn.key = Some(format!("key-{}", self.keys));
                self.keyed.push(drawn.clone());
            }
            4 => drawn.key = self.drawer.once_in(3).then(|| (*self.drawer.one_of(BAD_KEYS)).to_owned()),
            _ => {}
        }
    }
}
