//! Random records and random questions about them, of every type and every operator, so that the answers of two stores can
//! be compared over long runs.
//!
//! Values and operands come from the same few texts, numbers and dates: conditions hold for some records and not for
//! others, and orders have ties. Questions are drawn in the form in which callers send them and read as theirs are.

use refract_domain::ids::{ListId, RecordId, TeamId};
use refract_domain::key::KeyHasher;
use refract_domain::limits::SORT_TEXT_CHARS_MAX;
use refract_domain::object_type::ObjectType;
use refract_domain::property::{Property, PropertyType, Schema};
use refract_domain::query::{CursorSigner, QueryContext, RecordQuery};
use serde_json::{Map, Value, json};

use crate::Drawer;

const TEXTS: [&str; 16] = [
    "Oslo",
    "oslo",
    "Oslo ",
    "Bergen",
    "Ålesund",
    "ÅLESUND",
    "straße",
    "STRASSE",
    "İzmir",
    "ΣΑΣ",
    "a,b",
    "100%",
    "a_b\\",
    "日本",
    "x'\"y",
    "\u{1f600}\n",
];
const NUMBERS: [&str; 9] = ["0", "1", "-1", "1.5", "0.1", "9007199254740993", "9007199254740992", "1e300", "-2.5e-9"];
const DATES: [&str; 8] = [
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2026-01-01T00:00:00.5Z",
    "2026-01-01T00:00:00.25Z",
    "1969-12-31T23:59:59.999Z",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
];
const ADDRESSES: [&str; 4] = ["a@x.io", "b@x.io", "ada@gmail.com", "é@x.io"];
const PATTERNS: [&str; 6] = ["^o", "(?i)OSLO", "s+e?$", ".", "[å-ö]", "a,|%"];

/// Draws values and questions for records of one type.
#[derive(Debug, Clone, Copy)]
pub struct QueryDrawer<'s> {
    /// The team's schema.
    pub schema: &'s Schema,
    /// The type of the records.
    pub object_type: ObjectType,
    /// The list that questions may be confined to; one of the type.
    pub list_id: Option<ListId>,
    /// Records of any type that references may point at and questions may name.
    pub records: &'s [(ObjectType, RecordId)],
}

impl QueryDrawer<'_> {
    /// Values of a record: about half of the type's properties, references only to records that were given.
    pub fn values(&self, drawer: &mut Drawer) -> Value {
        let mut values = Map::new();
        for property in &self.schema.of(self.object_type).properties {
            if drawer.once_in(2)
                && let Some(value) = self.value(drawer, property)
            {
                values.insert(property.slug.clone(), value);
            }
        }
        Value::Object(values)
    }

    /// A question, as the body of a request.
    pub fn body(&self, drawer: &mut Drawer) -> Value {
        let in_list = self.list_id.filter(|_| drawer.once_in(3));
        let asked = Self { list_id: in_list, ..*self };
        let mut query = json!({"select": [], "limit": 1 + drawer.below(20)});
        let entries = if drawer.once_in(8) { 0 } else { 1 + drawer.below(3) };
        query["filter"] = (0..entries).map(|_| asked.entry(drawer)).collect();
        query["combinator"] = json!(drawer.one_of(&["AND", "OR"]));
        let sorts = drawer.below(3);
        query["sort"] = (0..sorts).map(|_| asked.sort(drawer)).collect();
        if let Some(list_id) = in_list {
            query["list_id"] = json!(list_id.to_string());
        }
        let mut body = json!({"query": query, "deleted": drawer.once_in(4), "include_total": drawer.once_in(2)});
        if drawer.once_in(8) {
            let count = drawer.below(5);
            body["id"] = (0..count).map(|_| json!(asked.any_id(drawer))).collect();
        }
        body
    }

    /// A question.
    ///
    /// # Panics
    /// When a drawn body is refused: all of them are meant to be answered.
    pub fn query(&self, drawer: &mut Drawer) -> RecordQuery {
        let body = self.body(drawer);
        self.read(&body)
    }

    /// What a body asks.
    ///
    /// # Panics
    /// When it is refused.
    #[must_use]
    pub fn read(&self, body: &Value) -> RecordQuery {
        let cursors = CursorSigner::new(&KeyHasher::new([0; 16]), TeamId::from_bytes([0; 16]));
        let context = QueryContext { schema: self.schema, object_type: self.object_type, cursors: &cursors };
        match context.read_body(&body.to_string()) {
            Ok(asked) => asked.query,
            Err(fault) => panic!("{fault}: {body}"),
        }
    }

    fn properties(&self) -> Vec<&Property> {
        let list = self.list_id.and_then(|list_id| self.schema.lists.get(&list_id));
        let of_list = list.map(|list| list.properties.iter()).into_iter().flatten();
        of_list.chain(&self.schema.of(self.object_type).properties).collect()
    }

    fn behind(&self, target: ObjectType) -> Self {
        Self { object_type: target, list_id: None, ..*self }
    }

    /// An object of one path and its tests, now and then of two.
    fn entry(&self, drawer: &mut Drawer) -> Value {
        let mut entry = Map::new();
        for _ in 0..1 + usize::from(drawer.once_in(5)) {
            let (path, tests) = self.tests(drawer, 5);
            entry.insert(path, tests);
        }
        Value::Object(entry)
    }

    /// A path of at most so many slugs, and tests that go with what it ends at.
    fn tests(&self, drawer: &mut Drawer, slugs_left: usize) -> (String, Value) {
        if drawer.once_in(12) {
            return self.virtual_tests(drawer);
        }
        let properties = self.properties();
        let property = *drawer.one_of(&properties);
        if let PropertyType::Ref(target) | PropertyType::MultiRef(target) = property.property_type
            && slugs_left > 1
            && !drawer.once_in(3)
        {
            let (rest, tests) = self.behind(target).tests(drawer, slugs_left - 1);
            return (format!("{}.{rest}", property.slug), tests);
        }
        let suffix =
            if property.property_type == PropertyType::EmailAddresses && slugs_left > 1 { ".email" } else { "" };
        (format!("{}{suffix}", property.slug), self.property_tests(drawer, property))
    }

    fn virtual_tests(&self, drawer: &mut Drawer) -> (String, Value) {
        let slug = *drawer.one_of(&["id", "created_at", "updated_at"]);
        let tests = if slug == "id" {
            let (first, second) = (self.any_id(drawer), self.any_id(drawer));
            drawer.one_of(&[json!({"=": first}), json!({"not_in": [first, second]}), json!({"exists": true})]).clone()
        } else {
            let operator = *drawer.one_of(&["<", ">", "<=", ">=", "=", "!="]);
            json!({operator: *drawer.one_of(&["2026-01-01", "2026-06-01T00:00:00.0001Z", "1970-01-01"])})
        };
        (slug.to_owned(), tests)
    }

    fn property_tests(&self, drawer: &mut Drawer, property: &Property) -> Value {
        let operator = *drawer.one_of(operators(property.property_type));
        let operand = match operator {
            "in" | "not_in" => {
                let count = drawer.below(4);
                (0..count).map(|_| self.operand(drawer, property)).collect()
            }
            "between" => json!([self.bound(drawer, property), self.bound(drawer, property)]),
            "contains" if drawer.once_in(4) => json!([part(drawer), part(drawer)]),
            "contains" | "not_contains" | "begins_with" | "ends_with" => json!(part(drawer)),
            "like_regex" => json!(drawer.one_of(&PATTERNS)),
            "exists" | "not_exists" => json!(!drawer.once_in(3)),
            "is_null" | "is_not_null" => json!(true),
            "=" | "!=" => self.operand(drawer, property),
            _ => self.bound(drawer, property),
        };
        json!({ operator: operand })
    }

    /// Something to be the same as; `null` now and then.
    fn operand(&self, drawer: &mut Drawer, property: &Property) -> Value {
        if drawer.once_in(10) { Value::Null } else { self.bound(drawer, property) }
    }

    fn bound(&self, drawer: &mut Drawer, property: &Property) -> Value {
        self.single(drawer, property).unwrap_or(Value::Null)
    }

    /// A value as a record holds it; `None` where there is nothing to choose from.
    fn value(&self, drawer: &mut Drawer, property: &Property) -> Option<Value> {
        if !property.property_type.is_multiple() {
            return self.single(drawer, property);
        }
        let count = drawer.below(4);
        Some((0..count).filter_map(|_| self.single(drawer, property)).collect())
    }

    /// A value, or an element of one.
    fn single(&self, drawer: &mut Drawer, property: &Property) -> Option<Value> {
        Some(match property.property_type {
            PropertyType::Text if drawer.once_in(4) => json!(long_text(drawer)),
            PropertyType::Str | PropertyType::Text | PropertyType::MultiStr => json!(drawer.one_of(&TEXTS)),
            PropertyType::Num => json!(drawer.one_of(&NUMBERS)),
            PropertyType::Bool => json!(drawer.once_in(2)),
            PropertyType::Date => json!(drawer.one_of(&DATES)),
            PropertyType::Byte => json!(drawer.one_of(&["QQ==", "QUI=", "qqqq"])),
            PropertyType::EmailAddresses => json!(drawer.one_of(&ADDRESSES)),
            PropertyType::Jsonb => drawer.one_of(&[json!({"a": [1, "b"]}), json!([]), json!("text"), json!(1)]).clone(),
            PropertyType::SelectStr | PropertyType::MultiselectStr => {
                if property.options.is_empty() {
                    return None;
                }
                json!(drawer.one_of(&property.options).slug)
            }
            PropertyType::Ref(target) | PropertyType::MultiRef(target) => {
                let fitting: Vec<_> = self.records.iter().filter(|(object_type, _)| *object_type == target).collect();
                if fitting.is_empty() {
                    return None;
                }
                json!(drawer.one_of(&fitting).1.to_string())
            }
        })
    }

    fn any_id(&self, drawer: &mut Drawer) -> String {
        const OF_NOBODY: &str = "01990000-0000-7000-8000-00000000dead";
        match self.records {
            records if records.is_empty() || drawer.once_in(6) => OF_NOBODY.to_owned(),
            records => drawer.one_of(records).1.to_string(),
        }
    }

    fn sort(&self, drawer: &mut Drawer) -> Value {
        let direction = *drawer.one_of(&["asc", "desc"]);
        json!({ self.sort_path(drawer, 5): direction })
    }

    fn sort_path(&self, drawer: &mut Drawer, slugs_left: usize) -> String {
        let is_sortable = |property: &&Property| {
            let of_type = property.property_type;
            !of_type.is_multiple() && !matches!(of_type, PropertyType::Jsonb | PropertyType::Byte)
        };
        let sortable: Vec<&Property> = self.properties().into_iter().filter(is_sortable).collect();
        if sortable.is_empty() || drawer.once_in(8) {
            return (*drawer.one_of(&["id", "created_at", "updated_at"])).to_owned();
        }
        let property = *drawer.one_of(&sortable);
        match property.property_type {
            PropertyType::Ref(target) if slugs_left > 1 && !drawer.once_in(3) => {
                format!("{}.{}", property.slug, self.behind(target).sort_path(drawer, slugs_left - 1))
            }
            _ => property.slug.clone(),
        }
    }
}

fn operators(property_type: PropertyType) -> &'static [&'static str] {
    const PRESENCE: &[&str] = &["exists", "not_exists", "is_null", "is_not_null"];
    const SAME: &[&str] = &["=", "!=", "in", "not_in", "exists", "is_null"];
    const ORDERED: &[&str] = &["=", "!=", "in", "not_in", "<", ">", "<=", ">=", "between", "not_exists"];
    const SEARCHED: &[&str] = &["=", "in", "contains", "not_contains", "begins_with", "ends_with", "like_regex"];
    const TEXT: &[&str] = &[
        "=",
        "!=",
        "in",
        "not_in",
        "<",
        ">",
        "<=",
        ">=",
        "between",
        "contains",
        "not_contains",
        "begins_with",
        "ends_with",
        "like_regex",
        "exists",
        "is_not_null",
    ];
    match property_type {
        PropertyType::Jsonb => PRESENCE,
        PropertyType::Bool | PropertyType::Byte | PropertyType::Ref(_) | PropertyType::MultiRef(_) => SAME,
        PropertyType::Num | PropertyType::Date => ORDERED,
        PropertyType::SelectStr | PropertyType::MultiselectStr => SEARCHED,
        PropertyType::Str | PropertyType::Text | PropertyType::MultiStr | PropertyType::EmailAddresses => TEXT,
    }
}

/// A text longer than what orders; texts of one length end differently.
fn long_text(drawer: &mut Drawer) -> String {
    let beginning = "É".repeat(SORT_TEXT_CHARS_MAX - drawer.below(2));
    format!("{beginning}{}", drawer.one_of(&["a", "b", "bc"]))
}

/// One or more characters out of a text, in some case.
fn part(drawer: &mut Drawer) -> String {
    let characters: Vec<char> = drawer.one_of(&TEXTS).chars().collect();
    let start = drawer.below(characters.len());
    let length = 1 + drawer.below(characters.len() - start);
    let part: String = characters[start..start + length].iter().collect();
    if drawer.once_in(3) { part.to_uppercase() } else { part }
}
