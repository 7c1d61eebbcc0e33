//! The shape of a row: which keys it has, and what stands under them.

use super::context::JudgeContext;
use super::group::Walk;
use super::values::{Faults, GroupJudge, Halt, RowKeys, STAGE_SLUG, Sink};
use crate::error::{Fault, RowCode, RowError};
use crate::ids::RecordId;
use crate::import::outcome::Skip;
use crate::import::policy::OnMissingKey;
use crate::import::row::{GoodRow, JudgedChunk, JudgedRow, ListPart, RowExtra};
use crate::json::{Cursor, Kind, SyntaxError, Text, Value};
use crate::key::KeyHash;
use crate::limits::ROW_PROPERTIES_MAX;
use crate::value::{excerpt, excerpt_of_text, written_value};

/// The shape that messages show.
const SHAPE: &str = r#"a row is an object such as {"default": {"slug": "value"}}"#;

/// What to send instead of something that is no row.
const ROW_EXAMPLE: &str = r#"{"default": {"slug": "value"}}"#;

/// Judges rows one after the other; what it keeps between them only saves time.
pub(super) struct Judge<'c> {
    context: &'c JudgeContext,
    default_walk: Walk,
    list_walk: Walk,
    draft: Draft,
    /// Where a cell is written as the value that it says.
    pub(super) scratch: String,
}

/// What has been read of a row. Its buffers are used again for the next.
#[derive(Default)]
struct Draft {
    faults: Faults,
    keys: RowKeys,
    extra: RowExtra,
    list: ListPart,
    /// Which of the row's own keys came, a bit each.
    came: u8,
    /// Whether `list` or its older name `crm` came with something in it.
    list_given: bool,
    stage_given: bool,
    /// Whether a workspace-wide property of the stage's slug came, which is not the list's stage.
    other_stage_given: bool,
}

/// The keys of a row, each a bit of [`Draft::came`].
const ROW_KEYS: [&str; 5] = ["default", "list", "id", "extended", "crm"];

impl<'c> Judge<'c> {
    pub(super) fn new(context: &'c JudgeContext) -> Self {
        Self {
            context,
            default_walk: Walk::new(&context.default_group),
            list_walk: Walk::new(&context.list_group),
            draft: Draft::default(),
            scratch: String::new(),
        }
    }

    /// Judges one row and appends its verdict, its body and its keys.
    pub(super) fn judge(&mut self, raw: &[u8], into: &mut JudgedChunk) {
        let body_start = into.text.len();
        self.draft.start();
        let read = match std::str::from_utf8(raw) {
            Ok(text) => match self.context.layout() {
                None => self.read(text, &mut into.text),
                Some(layout) => self.read_table(layout, text, &mut into.text),
            },
            Err(error) => Err(Halt::Syntax(SyntaxError { at: error.valid_up_to() })),
        };
        let mut misses_key = false;
        match read {
            Ok(()) => misses_key = self.misses_key(),
            Err(Halt::Syntax(error)) => {
                self.draft.faults.add(RowCode::InvalidRow, || (String::new(), format!("the row is {error}; {SHAPE}")));
            }
            Err(Halt::Alone(fault)) => self.draft.faults.found = vec![fault],
            Err(Halt::TooManyProperties(group)) => {
                // Hundreds of unknown slugs would hide it, so it stands alone.
                self.draft.faults = Faults::default();
                self.draft.faults.add(RowCode::TooManyProperties, || {
                    (
                        group.to_owned(),
                        format!("{group:?} holds more than {ROW_PROPERTIES_MAX} properties; split the row"),
                    )
                });
            }
        }
        let misses_key = misses_key && self.draft.faults.found.is_empty();
        if let Some(mut error) = RowError::of(std::mem::take(&mut self.draft.faults.found)) {
            if let Some(layout) = self.context.layout() {
                layout.name_columns(&mut error);
            }
            into.text.truncate(body_start);
            into.rows.push(JudgedRow::Faulty(Box::new(error)));
            return;
        }
        if misses_key {
            into.text.truncate(body_start);
            into.rows.push(JudgedRow::Skipped(Skip::MissingKey));
            return;
        }
        if into.text.len() == body_start {
            into.text.push_str("{}");
        }
        let match_keys = append_distinct(&mut into.keys, &mut self.draft.keys.matching);
        let other_keys = append_distinct(&mut into.keys, &mut self.draft.keys.other);
        let extra = self.draft.take_extra();
        into.rows.push(JudgedRow::Good(GoodRow { body: body_start..into.text.len(), match_keys, other_keys, extra }));
    }

    pub(super) fn context(&self) -> &'c JudgeContext {
        self.context
    }

    pub(super) fn read(&mut self, text: &str, body: &mut String) -> Result<(), Halt> {
        let mut cursor = Cursor::new(text);
        if cursor.kind()? != Kind::Object {
            let raw = cursor.skip()?;
            cursor.end()?;
            self.draft.faults.add_fault(|| {
                Fault::new("", RowCode::InvalidRow, format!("{SHAPE}, not {}", excerpt(raw)))
                    .with_value(written_value(raw))
                    .suggesting(ROW_EXAMPLE)
            });
            return Ok(());
        }
        let mut object = cursor.object()?;
        while let Some(key) = object.next_key(&mut cursor)? {
            self.read_member(&key, &mut cursor, body)?;
        }
        cursor.end()?;
        self.check_stage();
        Ok(())
    }

    /// Whether the row has no key where the import wants one, so that it is passed over; where the import insists on keys
    /// that is a fault instead. A value that is faulty is there, and one that waits for its option too.
    fn misses_key(&mut self) -> bool {
        let (draft, policy) = (&mut self.draft, self.context.options().on_missing_key);
        if policy == OnMissingKey::Create || !draft.keys.matching.is_empty() || draft.extra.given_id.is_some() {
            return false;
        }
        let Some(property) = self.context.match_property() else { return false };
        let (slug, field) = (&property.slug, format!("default.{}", property.slug));
        let waits = draft.extra.late.iter().any(|late| late.slug == *slug);
        if waits || draft.faults.found.iter().any(|fault| fault.field == field) {
            return false;
        }
        if policy == OnMissingKey::Skip {
            return true;
        }
        draft.faults.add(RowCode::MissingKey, || {
            let message = format!(
                "{slug:?} matches rows to records, and this row has none; fill it in, or let such rows make records with \
                 options.on_missing_key \"create\""
            );
            (field, message)
        });
        false
    }

    /// Insists on a stage where the import does.
    pub(super) fn check_stage(&mut self) {
        if self.context.options().require_list_stage && !self.draft.stage_given {
            self.draft.faults.add_fault(|| {
                let message = "the import requires a stage: send \"list\": {\"app_stage\": …} with the slug of one";
                Fault::new(format!("list.{STAGE_SLUG}"), RowCode::MissingListStage, message)
                    .suggesting(r#""list": {"app_stage": "…"}"#)
            });
        }
    }

    fn read_member(&mut self, key: &Text<'_>, cursor: &mut Cursor<'_>, body: &mut String) -> Result<(), Halt> {
        let decoded = key.decode().unwrap_or_default();
        let Some(place) = ROW_KEYS.iter().position(|name| *name == decoded) else {
            self.add_unknown_key(key);
            cursor.skip()?;
            return Ok(());
        };
        let bit = 1 << place;
        if self.draft.came & bit != 0 {
            cursor.skip()?;
            let name = ROW_KEYS[place];
            let message = || (name.to_owned(), format!("{name:?} is written twice in the row; send it once"));
            self.draft.faults.add(RowCode::InvalidRow, message);
            return Ok(());
        }
        self.draft.came |= bit;
        match ROW_KEYS[place] {
            "default" => self.read_default(cursor, body),
            "id" => self.read_id(cursor),
            "extended" => cursor.skip().map(drop).map_err(Halt::from),
            name => self.read_list(name, cursor),
        }
    }

    fn read_default(&mut self, cursor: &mut Cursor<'_>, body: &mut String) -> Result<(), Halt> {
        if !self.is_group("default", cursor)? {
            return Ok(());
        }
        self.default_judge(body).judge(cursor)
    }

    /// The judge of values under `default`, which go to `body`.
    pub(super) fn default_judge<'s>(&'s mut self, body: &'s mut String) -> GroupJudge<'s, 'c> {
        let draft = &mut self.draft;
        let sink = Sink {
            body,
            cleared: &mut draft.extra.cleared,
            late: &mut draft.extra.late,
            changes: &mut draft.extra.changes,
            references: &mut draft.extra.references,
            exact: &mut draft.extra.exact,
            keys: &mut draft.keys,
            faults: &mut draft.faults,
            stage_given: &mut draft.other_stage_given,
        };
        GroupJudge {
            context: self.context,
            group: &self.context.default_group,
            properties: &self.context.type_schema().properties,
            match_position: self.context.match_position(),
            walk: &mut self.default_walk,
            sink,
        }
    }

    fn read_list(&mut self, name: &'static str, cursor: &mut Cursor<'_>) -> Result<(), Halt> {
        if !self.is_group(name, cursor)? {
            return Ok(());
        }
        if std::mem::replace(&mut self.draft.list_given, true) {
            cursor.skip()?;
            self.draft.faults.add(RowCode::InvalidRow, || {
                (name.to_owned(), "\"crm\" is the older name of \"list\"; send one of the two".to_owned())
            });
            return Ok(());
        }
        if self.context.list().is_none() {
            return self.read_list_without_id(cursor);
        }
        self.list_judge().judge(cursor)
    }

    /// The judge of values under `list`.
    pub(super) fn list_judge(&mut self) -> GroupJudge<'_, 'c> {
        let draft = &mut self.draft;
        let sink = Sink {
            body: &mut draft.list.body,
            cleared: &mut draft.list.cleared,
            late: &mut draft.list.late,
            changes: &mut draft.list.changes,
            references: &mut draft.extra.references,
            exact: &mut draft.extra.exact,
            keys: &mut draft.keys,
            faults: &mut draft.faults,
            stage_given: &mut draft.stage_given,
        };
        GroupJudge {
            context: self.context,
            group: &self.context.list_group,
            properties: self.context.list_properties(),
            match_position: None,
            walk: &mut self.list_walk,
            sink,
        }
    }

    /// Without a list there is no scope for values; an empty map has none.
    fn read_list_without_id(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Halt> {
        let raw = cursor.skip()?;
        let mut inside = Cursor::new(raw);
        if inside.object()?.next_key(&mut inside)?.is_some() {
            self.refuse_list_values();
        }
        Ok(())
    }

    pub(super) fn refuse_list_values(&mut self) {
        self.draft.faults.add(RowCode::InvalidValue, || {
            ("list".to_owned(), "the import names no list for these values; send options.list_id".to_owned())
        });
    }

    /// Whether an object comes next. Null is passed over; anything else is a fault.
    fn is_group(&mut self, name: &'static str, cursor: &mut Cursor<'_>) -> Result<bool, Halt> {
        let kind = cursor.kind()?;
        if kind == Kind::Object {
            return Ok(true);
        }
        let raw = cursor.skip()?;
        if kind != Kind::Null {
            self.draft.faults.add_fault(|| {
                let message = format!("{name:?} is an object, slug to value, not {}", excerpt(raw));
                Fault::new(name, RowCode::InvalidRow, message).with_value(written_value(raw))
            });
        }
        Ok(false)
    }

    fn read_id(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Halt> {
        self.take_id(&cursor.value()?);
        Ok(())
    }

    pub(super) fn take_id(&mut self, value: &Value<'_>) {
        let id = match value {
            Value::Null => return,
            Value::Text(text) => text.decode().ok().and_then(|written| RecordId::parse(&written)),
            _ => None,
        };
        if id.is_none() {
            self.draft.faults.add_fault(|| {
                let message =
                    format!("\"id\" is the uuid of a record, not {}; leave it out for a new one", excerpt(value.raw()));
                Fault::new("id", RowCode::InvalidValue, message)
                    .with_value(written_value(value.raw()))
                    .suggesting("the uuid of a record, or no id")
            });
        }
        self.draft.extra.given_id = id;
    }

    fn add_unknown_key(&mut self, key: &Text<'_>) {
        let properties = &self.context.type_schema().properties;
        let default_group = &self.context.default_group;
        let default_walk = &mut self.default_walk;
        self.draft.faults.add(RowCode::InvalidRow, || {
            let decoded = key.decode();
            let name = decoded.as_deref().unwrap_or(key.inner());
            let shown = excerpt_of_text(name);
            let message = if default_group.position(name).is_some() {
                format!("properties belong under \"default\": send {{\"default\": {{{shown}: …}}}}")
            } else {
                let nearest = crate::property::nearest(name, ROW_KEYS.into_iter());
                match (nearest, default_walk.nearest(properties, name)) {
                    (Some(row_key), _) => format!("a row has no key {shown}; did you mean {row_key:?}?"),
                    (None, Some(slug)) => {
                        format!(
                            "a row has no key {shown}; if you mean the property {slug:?}, it belongs under \"default\""
                        )
                    }
                    (None, None) => format!("a row has no key {shown}; its keys are id, default, list and extended"),
                }
            };
            (shown.trim_matches('"').to_owned(), message)
        });
    }
}

impl Draft {
    fn start(&mut self) {
        self.keys.matching.clear();
        self.keys.other.clear();
        self.extra = RowExtra::default();
        self.list = ListPart::default();
        self.came = 0;
        self.list_given = false;
        self.stage_given = false;
    }

    /// What most rows have not; `None` for those.
    fn take_extra(&mut self) -> Option<Box<RowExtra>> {
        let list = &self.list;
        let list_is_empty =
            list.body.len() <= "{}".len() && list.cleared.is_empty() && list.late.is_empty() && list.changes.is_empty();
        if !list_is_empty {
            self.extra.list = Some(std::mem::take(&mut self.list));
        }
        let extra = &self.extra;
        let is_plain = extra.given_id.is_none()
            && extra.cleared.is_empty()
            && extra.late.is_empty()
            && extra.changes.is_empty()
            && extra.references.is_empty()
            && extra.exact.is_empty()
            && extra.list.is_none();
        if is_plain { None } else { Some(Box::new(std::mem::take(&mut self.extra))) }
    }
}

/// Moves `keys` to the end of `all`, each once.
fn append_distinct(all: &mut Vec<KeyHash>, keys: &mut Vec<KeyHash>) -> std::ops::Range<usize> {
    if keys.len() > 1 {
        keys.sort_unstable();
        keys.dedup();
    }
    let start = all.len();
    all.append(keys);
    start..all.len()
}
