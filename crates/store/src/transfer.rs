//! What a whole store is made of, in a form that belongs to no database: for moving everything from one store to another.
//!
//! Owns the kinds of rows, their columns and the order in which they can be written, and the checksum by which two stores
//! are compared. Only what cannot be worked out again is moved: counts and the holders of dedupe keys follow from the
//! records. Must not know how a store reads or writes them.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};
use uuid::Uuid;

/// What kind of thing a row is. In the order of [`Kind::ALL`] each only refers to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Teams with the version of their schema.
    Team,
    /// API keys: their hashes.
    ApiKey,
    /// Lists, with how many live members they have.
    List,
    /// Properties of teams, and what they say of built-in ones.
    Property,
    /// Options of teams, and what they say of built-in ones.
    PropertyOption,
    /// Properties whose dedupe keys are kept. One whose keys are still being collected counts: the writer of the records
    /// takes them all.
    KeyedProperty,
    /// Records, deleted ones too.
    Record,
    /// Records' values in lists.
    ListEntry,
    /// Saved views.
    View,
    /// Jobs. A running one is told as queued: it goes on at its cursor.
    Job,
    /// Outcomes of jobs, in their stored form.
    JobOutcome,
    /// Records as they were before a job changed them.
    JobImage,
    /// Staged rows of unfinished jobs, in pieces: where each row of the piece ends (u32, little-endian), then their bytes.
    StagedRows,
    /// Idempotency keys with the answers kept for them.
    IdempotencyKey,
}

/// The form of a column's values, and how wide its whole numbers can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 16 bytes.
    Id,
    /// True or false.
    Flag,
    /// A whole number of 16 bits.
    Small,
    /// A whole number of 32 bits.
    Medium,
    /// A whole number of 64 bits; instants are milliseconds since the Unix epoch.
    Large,
    /// Text.
    Text,
    /// Any bytes.
    Bytes,
}

/// A column of a kind of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name; `team` is the public id of the team to which the row belongs.
    pub name: &'static str,
    /// What its values are.
    pub form: Form,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// None.
    Null,
    /// Of [`Form::Id`].
    Id(Uuid),
    /// Of [`Form::Flag`].
    Flag(bool),
    /// Of [`Form::Small`], [`Form::Medium`] or [`Form::Large`].
    Number(i64),
    /// Of [`Form::Text`].
    Text(String),
    /// Of [`Form::Bytes`].
    Bytes(Vec<u8>),
}

/// A row: as many cells as its kind has columns.
pub type Row = Vec<Cell>;

/// A place in the source's order of a kind's rows: that of the last row before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Where, in the first place.
    pub major: i64,
    /// Where, among those.
    pub minor: i64,
}

impl Position {
    /// Before the first row.
    pub const START: Self = Self { major: i64::MIN, minor: i64::MIN };
}

/// Consecutive rows of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` after the last row.
    pub next: Option<Position>,
}

const fn column(name: &'static str, form: Form) -> Column {
    Column { name, form }
}

const TEAM: Column = column("team", Form::Id);
const ID: Column = column("id", Form::Id);
const OBJECT_TYPE: Column = column("object_type", Form::Small);
const CREATED_AT: Column = column("created_at", Form::Large);
const UPDATED_AT: Column = column("updated_at", Form::Large);
const FIRST_ROW: Column = column("first_row", Form::Medium);
const ROWS: Column = column("rows", Form::Medium);

const TEAMS: &[Column] = &[ID, column("name", Form::Text), CREATED_AT, column("schema_version", Form::Large)];
const API_KEYS: &[Column] = &[
    TEAM,
    ID,
    column("label", Form::Text),
    column("access", Form::Text),
    column("sha256", Form::Bytes),
    CREATED_AT,
    column("revoked_at", Form::Large),
];
const LISTS: &[Column] = &[
    TEAM,
    ID,
    OBJECT_TYPE,
    column("name", Form::Text),
    column("template", Form::Text),
    column("icon", Form::Text),
    CREATED_AT,
    column("members", Form::Large),
];
const PROPERTIES: &[Column] = &[
    TEAM,
    // All zeros: of the whole team.
    column("list_id", Form::Id),
    OBJECT_TYPE,
    column("slug", Form::Text),
    ID,
    column("name", Form::Text),
    column("type", Form::Text),
    column("native", Form::Flag),
    column("required", Form::Flag),
    column("archived", Form::Flag),
    column("icon", Form::Text),
    column("role_id", Form::Id),
];
const OPTIONS: &[Column] = &[
    TEAM,
    // All zeros: of the whole team.
    column("list_id", Form::Id),
    OBJECT_TYPE,
    column("property", Form::Text),
    column("slug", Form::Text),
    ID,
    column("value", Form::Text),
    column("sort_index", Form::Large),
    column("color_scheme", Form::Text),
    column("description", Form::Text),
    column("icon", Form::Text),
    column("option_group", Form::Text),
    column("state", Form::Text),
    // The job that made it, unless it was changed since.
    column("made_by", Form::Id),
];
const KEYED_PROPERTIES: &[Column] = &[TEAM, OBJECT_TYPE, column("slug", Form::Text)];
const RECORDS: &[Column] = &[
    TEAM,
    ID,
    column("version", Form::Large),
    CREATED_AT,
    UPDATED_AT,
    column("deleted_at", Form::Large),
    OBJECT_TYPE,
    column("body", Form::Text),
    column("grants", Form::Text),
];
const VIEWS: &[Column] = &[
    TEAM,
    ID,
    OBJECT_TYPE,
    column("version", Form::Large),
    CREATED_AT,
    UPDATED_AT,
    column("settings", Form::Text),
    // Ids of records, one after the other.
    column("pins", Form::Bytes),
];
const LIST_ENTRIES: &[Column] = &[
    TEAM,
    column("list_id", Form::Id),
    column("record_id", Form::Id),
    column("values", Form::Text),
    column("version", Form::Large),
];
const OUTCOMES: &[Column] = &[
    TEAM,
    column("job_id", Form::Id),
    FIRST_ROW,
    ROWS,
    column("encoded", Form::Bytes),
    column("forecast", Form::Bytes),
];
const IMAGES: &[Column] = &[
    TEAM,
    column("job_id", Form::Id),
    column("record_id", Form::Id),
    column("last_row", Form::Medium),
    column("written_at", Form::Large),
    column("version_before", Form::Large),
    column("version_after", Form::Large),
    column("mixed", Form::Flag),
    column("restored_version", Form::Large),
    column("body", Form::Text),
    column("entry_values", Form::Text),
    column("entry_before", Form::Large),
    column("entry_after", Form::Large),
    column("deleted", Form::Flag),
];
const STAGED_ROWS: &[Column] = &[TEAM, column("upload_id", Form::Id), FIRST_ROW, ROWS, column("raw", Form::Bytes)];
const IDEMPOTENCY_KEYS: &[Column] = &[
    TEAM,
    column("key_id", Form::Id),
    column("key", Form::Text),
    column("fingerprint", Form::Bytes),
    CREATED_AT,
    column("status", Form::Small),
    column("headers", Form::Text),
    column("body", Form::Bytes),
];
const JOBS: &[Column] = &[
    TEAM,
    ID,
    column("key_id", Form::Id),
    OBJECT_TYPE,
    column("dedupe_by", Form::Text),
    column("case_insensitive", Form::Flag),
    column("update_existing", Form::Flag),
    column("create_missing_options", Form::Flag),
    column("require_list_stage", Form::Flag),
    column("list_id", Form::Id),
    column("total", Form::Medium),
    // The place of row 0 among record ids: `RecordIdSpace`.
    column("record_ids_ms", Form::Large),
    column("record_ids_index", Form::Medium),
    column("staged", Form::Id),
    CREATED_AT,
    UPDATED_AT,
    column("state", Form::Text),
    column("attempt", Form::Medium),
    column("cursor", Form::Medium),
    column("created", Form::Large),
    column("existing", Form::Large),
    column("updated", Form::Large),
    column("rejected", Form::Large),
    column("new_options_made", Form::Medium),
    column("deaths", Form::Medium),
    column("suspect_row", Form::Medium),
    column("suspect_deaths", Form::Medium),
    column("ended_at", Form::Large),
    column("error_code", Form::Text),
    column("error_message", Form::Text),
    column("kind", Form::Text),
    column("of_job", Form::Id),
    column("kept", Form::Id),
    column("more", Form::Text),
    column("skipped", Form::Large),
];

impl Kind {
    /// All kinds, in the order in which they are moved.
    pub const ALL: [Self; 14] = [
        Self::Team,
        Self::ApiKey,
        Self::List,
        Self::Property,
        Self::PropertyOption,
        Self::KeyedProperty,
        Self::Record,
        Self::ListEntry,
        Self::View,
        Self::Job,
        Self::JobOutcome,
        Self::JobImage,
        Self::StagedRows,
        Self::IdempotencyKey,
    ];

    /// What people call its rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Team => "teams",
            Self::ApiKey => "API keys",
            Self::List => "lists",
            Self::Property => "properties",
            Self::PropertyOption => "options",
            Self::KeyedProperty => "keyed properties",
            Self::Record => "records",
            Self::ListEntry => "list entries",
            Self::View => "views",
            Self::Job => "jobs",
            Self::JobOutcome => "pieces of outcomes",
            Self::JobImage => "images of records",
            Self::StagedRows => "pieces of staged rows",
            Self::IdempotencyKey => "idempotency keys",
        }
    }

    /// Its columns.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Team => TEAMS,
            Self::ApiKey => API_KEYS,
            Self::List => LISTS,
            Self::Property => PROPERTIES,
            Self::PropertyOption => OPTIONS,
            Self::KeyedProperty => KEYED_PROPERTIES,
            Self::Record => RECORDS,
            Self::ListEntry => LIST_ENTRIES,
            Self::View => VIEWS,
            Self::Job => JOBS,
            Self::JobOutcome => OUTCOMES,
            Self::JobImage => IMAGES,
            Self::StagedRows => STAGED_ROWS,
            Self::IdempotencyKey => IDEMPOTENCY_KEYS,
        }
    }

    /// The place of a column of this name.
    #[must_use]
    pub fn place(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }
}

/// How many rows there are and what all of them are together, whatever their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum {
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' hashes.
    pub sum: u128,
}

impl Checksum {
    /// One more row.
    pub fn add(&mut self, row: &[Cell]) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(hash_of(row));
    }

    /// The rows of another part.
    pub fn merge(&mut self, part: Self) {
        self.rows += part.rows;
        self.sum = self.sum.wrapping_add(part.sum);
    }
}

/// Every cell says what it is and where it ends, so that no two rows are written alike.
fn hash_of(row: &[Cell]) -> u128 {
    let mut hasher = SipHasher24::new();
    for cell in row {
        match cell {
            Cell::Null => hasher.write_u8(0),
            Cell::Id(id) => {
                hasher.write_u8(1);
                hasher.write(id.as_bytes());
            }
            Cell::Flag(flag) => {
                hasher.write_u8(2);
                hasher.write_u8(u8::from(*flag));
            }
            Cell::Number(number) => {
                hasher.write_u8(3);
                hasher.write_i64(*number);
            }
            Cell::Text(text) => write_bytes(&mut hasher, 4, text.as_bytes()),
            Cell::Bytes(bytes) => write_bytes(&mut hasher, 5, bytes),
        }
    }
    hasher.finish128().as_u128()
}

fn write_bytes(hasher: &mut SipHasher24, tag: u8, bytes: &[u8]) {
    hasher.write_u8(tag);
    hasher.write_u64(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    hasher.write(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[Row]) -> Checksum {
        let mut checksum = Checksum::default();
        rows.iter().for_each(|row| checksum.add(row));
        checksum
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn the_order_of_rows_does_not_count_and_everything_else_does() {
        let rows = [vec![text("a"), text("bc")], vec![Cell::Number(1), Cell::Null]];
        let swapped = [rows[1].clone(), rows[0].clone()];
        assert_eq!(sum(&rows), sum(&swapped));
        for other in [
            vec![text("ab"), text("c")],
            vec![text("a"), Cell::Bytes(b"bc".to_vec())],
            vec![text("a")],
            vec![text("a"), text("bc"), Cell::Null],
        ] {
            assert_ne!(sum(&rows[..1]), sum(&[other]));
        }
        assert_ne!(sum(&[vec![Cell::Flag(true)]]), sum(&[vec![Cell::Number(1)]]));
    }

    #[test]
    fn parts_together_are_the_whole() {
        let (one, other) = (vec![text("a")], vec![text("b")]);
        let mut parts = sum(std::slice::from_ref(&one));
        parts.merge(sum(std::slice::from_ref(&other)));
        assert_eq!(parts, sum(&[one, other]));
    }

    #[test]
    fn every_kind_but_teams_names_its_team_first() {
        for kind in Kind::ALL {
            let first = kind.columns()[0].name;
            assert_eq!(first == "team", kind != Kind::Team, "{}", kind.name());
        }
        assert!(Kind::ALL.is_sorted());
    }
}
