//! The results of an import as JSON, written by hand: a finished job may have millions, and each is only a few words.
//!
//! Takes outcomes in row order and gives bytes in pieces of [`PIECE_BYTES`], so that an answer needs the same little
//! memory whatever its size.

use refract_domain::error::{Fault, RowCode, RowError};
use refract_domain::ids::{RecordId, RecordIdSpace};
use refract_domain::import::fate::{Fate, FateWord};
use refract_domain::import::forecast::FieldChange;
use refract_domain::import::outcome::{Outcome, Skip};
use refract_domain::import::undo::NO_RECORD;

/// A piece is handed on once it has this many bytes.
pub(crate) const PIECE_BYTES: usize = 64 << 10;

/// Writes results, without what stands around them.
pub(crate) struct ResultWriter {
    record_ids: RecordIdSpace,
    bytes: Vec<u8>,
    form: ResultForm,
    is_first: bool,
}

/// How results stand beside each other, and whether each says in a word what became of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultForm {
    /// Elements of the `results` of an import, with a comma between them.
    Plain,
    /// Elements of a page, with words.
    Page,
    /// Lines, with words.
    Lines,
}

impl ResultWriter {
    /// A writer of the results of an import that goes on after `bytes`.
    pub(crate) fn after(bytes: Vec<u8>, record_ids: RecordIdSpace) -> Self {
        Self::of_form(ResultForm::Plain, bytes, record_ids)
    }

    /// A writer of results in a form that goes on after `bytes`.
    pub(crate) fn of_form(form: ResultForm, bytes: Vec<u8>, record_ids: RecordIdSpace) -> Self {
        Self { record_ids, bytes, form, is_first: true }
    }

    /// Whether there is enough to be handed on.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= PIECE_BYTES
    }

    /// What is written, to be handed on.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        // A little over a piece, so that the last result of a piece makes no new allocation.
        std::mem::replace(&mut self.bytes, Vec::with_capacity(PIECE_BYTES + 1_024))
    }

    /// Writes what became of a row, or would; `word` says it in a word.
    pub(crate) fn push(&mut self, row: u32, fate: &Fate, word: FateWord) {
        match fate {
            Fate::Reached(outcome) => self.push_outcome(row, outcome, word),
            Fate::Foreseen(outcome, changes) => {
                self.begin(row, word);
                self.push_verdict(outcome, word, changes);
                self.finish_outcome(row, outcome, word, true);
            }
            Fate::NotAttempted => {
                self.begin(row, word);
                self.begin_id();
                self.finish_rejected(&not_attempted());
            }
        }
        if self.form == ResultForm::Lines {
            self.bytes.push(b'\n');
        }
    }

    /// The same for a row that was reached.
    pub(crate) fn push_outcome(&mut self, row: u32, outcome: &Outcome, word: FateWord) {
        self.begin(row, word);
        self.finish_outcome(row, outcome, word, false);
    }

    /// From the record's id on. A record that a dry run would make is nobody's yet, and has none.
    fn finish_outcome(&mut self, row: u32, outcome: &Outcome, word: FateWord, is_foreseen: bool) {
        self.begin_id();
        let id = outcome.record_id(&self.record_ids, row).filter(|id| *id != NO_RECORD);
        let id = id.filter(|id| !is_foreseen || self.record_ids.row_of(*id).is_none());
        match outcome {
            // Of an undo: the row wrote no record, so there was none to take back.
            Outcome::Existing(NO_RECORD) => self.finish(None, [false, false, false]),
            Outcome::Created { .. } => self.finish(id, [word != FateWord::Removed, false, false]),
            Outcome::Existing(_) => self.finish(id, [false, true, false]),
            Outcome::Updated(_) => self.finish(id, [false, true, true]),
            Outcome::Skipped(why) => self.finish_skipped(*why),
            Outcome::Rejected(error) => self.finish_rejected(error),
        }
    }

    /// Appends what is no result, such as the closing bracket.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn begin(&mut self, row: u32, word: FateWord) {
        if !std::mem::take(&mut self.is_first) && self.form != ResultForm::Lines {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(br#"{"input_index":"#);
        push_number(&mut self.bytes, row);
        if self.form != ResultForm::Plain {
            self.bytes.extend_from_slice(br#","outcome":""#);
            self.bytes.extend_from_slice(word.name().as_bytes());
            self.bytes.push(b'"');
        }
    }

    fn push_verdict(&mut self, outcome: &Outcome, word: FateWord, changes: &[FieldChange]) {
        self.bytes.extend_from_slice(br#","verdict":""#);
        self.bytes.extend_from_slice(verdict(outcome, word).as_bytes());
        self.bytes.push(b'"');
        for (position, FieldChange { field, before, after }) in changes.iter().enumerate() {
            self.bytes.extend_from_slice(if position == 0 { br#","changes":[{"field":"# } else { br#"},{"field":"# });
            self.push_text(field);
            for (name, raw) in [(&br#","before":"#[..], before), (br#","after":"#, after)] {
                if let Some(raw) = raw {
                    self.bytes.extend_from_slice(name);
                    self.bytes.extend_from_slice(raw.as_bytes());
                }
            }
        }
        if !changes.is_empty() {
            self.bytes.extend_from_slice(b"}]");
        }
    }

    fn begin_id(&mut self) {
        self.bytes.extend_from_slice(br#","id":"#);
    }

    fn finish(&mut self, id: Option<RecordId>, flags: [bool; 3]) {
        self.push_flags(id, flags);
        self.bytes.push(b'}');
    }

    /// The id, and whether the row made, met and changed a record.
    fn push_flags(&mut self, id: Option<RecordId>, [created, existing, updated]: [bool; 3]) {
        match id {
            Some(id) => {
                self.bytes.push(b'"');
                self.bytes.extend_from_slice(id.0.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
                self.bytes.push(b'"');
            }
            None => self.bytes.extend_from_slice(b"null"),
        }
        let named = [(&br#","created":"#[..], created), (br#","existing":"#, existing), (br#","updated":"#, updated)];
        for (name, flag) in named {
            self.bytes.extend_from_slice(name);
            self.bytes.extend_from_slice(if flag { b"true" } else { b"false" });
        }
    }

    fn finish_skipped(&mut self, why: Skip) {
        self.push_flags(None, [false, false, false]);
        self.bytes.extend_from_slice(br#","skip_reason":""#);
        self.bytes.extend_from_slice(why.name().as_bytes());
        self.bytes.push(b'"');
        if let Skip::DuplicateOf(other) = why {
            self.bytes.extend_from_slice(br#","duplicate_of":"#);
            push_number(&mut self.bytes, other);
        }
        self.bytes.push(b'}');
    }

    fn finish_rejected(&mut self, error: &RowError) {
        self.push_flags(None, [false, false, false]);
        self.bytes.extend_from_slice(br#","error":{"code":""#);
        self.bytes.extend_from_slice(error.first.code.name().as_bytes());
        self.bytes.extend_from_slice(br#"","message":"#);
        self.push_text(&error.first.message);
        self.bytes.extend_from_slice(br#","errors":["#);
        for (position, fault) in error.faults().enumerate() {
            if position > 0 {
                self.bytes.push(b',');
            }
            self.push_fault(fault);
        }
        self.bytes.extend_from_slice(b"]}}");
    }

    fn push_fault(&mut self, fault: &Fault) {
        self.bytes.extend_from_slice(br#"{"field":"#);
        self.push_text(&fault.field);
        self.bytes.extend_from_slice(br#","code":""#);
        self.bytes.extend_from_slice(fault.code.name().as_bytes());
        self.bytes.extend_from_slice(br#"","message":"#);
        self.push_text(&fault.message);
        for (name, text) in [(&br#","value":"#[..], &fault.value), (br#","suggestion":"#, &fault.suggestion)] {
            if let Some(text) = text {
                self.bytes.extend_from_slice(name);
                self.push_text(text);
            }
        }
        self.bytes.push(b'}');
    }

    fn push_text(&mut self, text: &str) {
        // Writing a text into a vector cannot fail.
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }
}

/// What a dry run says of a row.
fn verdict(outcome: &Outcome, word: FateWord) -> &'static str {
    match outcome {
        Outcome::Created { .. } => "create",
        Outcome::Updated(_) => "update",
        Outcome::Existing(_) if word == FateWord::Unchanged => "unchanged",
        Outcome::Existing(_) | Outcome::Skipped(_) => "skip",
        Outcome::Rejected(error) if error.first.code == RowCode::MultipleMatches => "ambiguous",
        Outcome::Rejected(_) => "error",
    }
}

/// What is said of a row that a job did not come to.
pub(crate) fn not_attempted() -> RowError {
    let message = "The job ended before it came to this row; send the row again.";
    RowError::new("", RowCode::NotAttempted, message)
}

/// Appends `number` in decimal.
fn push_number(bytes: &mut Vec<u8>, number: u32) {
    let mut digits = [0_u8; 10];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        // A remainder by ten is one digit.
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::ids::{ApiKeyId, JobId, TeamId};
    use refract_domain::import::job::{JobKind, JobSpec};
    use refract_domain::import::options::ImportOptions;
    use refract_domain::object_type::ObjectType;
    use refract_wire::{FieldError, ImportResult, RowError as WireRowError, RowOutcome};
    use uuid::Uuid;

    use super::*;

    fn ids() -> RecordIdSpace {
        RecordIdSpace { created_ms: 1_782_900_000_000, first_index: 3, source: Uuid::from_u128(7) }
    }

    fn written(outcomes: &[Outcome]) -> Vec<ImportResult> {
        let mut writer = ResultWriter::after(b"[".to_vec(), ids());
        (0..).zip(outcomes).for_each(|(row, outcome)| writer.push_outcome(row, outcome, FateWord::Created));
        writer.raw(b"]");
        serde_json::from_slice(&writer.take()).expect("an array of results")
    }

    fn plain_result() -> ImportResult {
        ImportResult {
            input_index: 0,
            outcome: None,
            verdict: None,
            skip_reason: None,
            duplicate_of: None,
            changes: Vec::new(),
            id: None,
            created: false,
            existing: false,
            updated: false,
            error: None,
        }
    }

    fn result(input_index: u64, id: RecordId, flags: (bool, bool, bool)) -> ImportResult {
        let (created, existing, updated) = flags;
        ImportResult { input_index, id: Some(id.to_string()), created, existing, updated, ..plain_result() }
    }

    #[test]
    fn each_outcome_has_its_words() {
        let id = RecordId::from_bytes([0xab; 16]);
        let outcomes = [
            Outcome::Created { given_id: None },
            Outcome::Created { given_id: Some(id) },
            Outcome::Existing(id),
            Outcome::Updated(id),
        ];
        let expected = [
            result(0, ids().record_id(0), (true, false, false)),
            result(1, id, (true, false, false)),
            result(2, id, (false, true, false)),
            result(3, id, (false, true, true)),
        ];
        assert_eq!(written(&outcomes), expected);
    }

    #[test]
    fn an_undo_has_words_of_its_own() {
        let id = RecordId::from_bytes([0xab; 16]);
        let kept = RowError::new("id", RowCode::EditedSince, "kept");
        let outcomes = [
            Outcome::Created { given_id: None },
            Outcome::Created { given_id: Some(id) },
            Outcome::Updated(id),
            Outcome::Existing(id),
            Outcome::Existing(NO_RECORD),
            Outcome::Rejected(Box::new(kept)),
        ];
        let mut writer = ResultWriter::of_form(ResultForm::Page, b"[".to_vec(), ids());
        let spec = JobSpec {
            id: JobId(Uuid::from_u128(2)),
            kind: JobKind::Undo { of: JobId(Uuid::nil()) },
            team_id: TeamId(Uuid::nil()),
            key_id: ApiKeyId(Uuid::nil()),
            object_type: ObjectType::Contact,
            options: ImportOptions::default(),
            total: 6,
            record_ids: ids(),
            created_at: Timestamp(0),
        };
        for (row, outcome) in (0..).zip(&outcomes) {
            let fate = Fate::Reached(outcome.clone());
            writer.push(row, &fate, FateWord::of(&fate, &spec));
        }
        writer.raw(b"]");
        let read: Vec<ImportResult> = serde_json::from_slice(&writer.take()).expect("an array of results");
        let words: Vec<_> = read.iter().filter_map(|result| result.outcome).collect();
        assert_eq!(
            words,
            [
                RowOutcome::Removed,
                RowOutcome::Removed,
                RowOutcome::Restored,
                RowOutcome::Unchanged,
                RowOutcome::Unchanged,
                RowOutcome::Failed
            ]
        );
        let (first, id) = (ids().record_id(0).to_string(), id.to_string());
        let named: Vec<_> = read.iter().map(|result| result.id.as_deref()).collect();
        assert_eq!(named, [Some(first.as_str()), Some(&id), Some(&id), Some(&id), None, None]);
        assert_eq!(read.iter().filter(|result| result.updated).count(), 1);
        assert_eq!(read[5].error.as_ref().map(|error| error.code.as_str()), Some("edited_since"));
    }

    #[test]
    fn a_rejected_row_names_its_first_fault_and_lists_all() {
        let mut error = RowError::new("default.emial", RowCode::UnknownProperty, "no \"emial\"\n\u{1f}é");
        error.rest.push(Fault::new("", RowCode::InvalidRow, "x").with_value("5\t").suggesting("{}"));
        let fault = |field: &str, code: &str, message: &str| FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
            value: None,
            suggestion: None,
        };
        let expected = ImportResult {
            error: Some(WireRowError {
                code: "unknown_property".into(),
                message: "no \"emial\"\n\u{1f}é".into(),
                errors: vec![
                    fault("default.emial", "unknown_property", "no \"emial\"\n\u{1f}é"),
                    FieldError {
                        value: Some("5\t".into()),
                        suggestion: Some("{}".into()),
                        ..fault("", "invalid_row", "x")
                    },
                ],
            }),
            ..plain_result()
        };
        assert_eq!(written(&[Outcome::Rejected(Box::new(error))]), [expected]);
    }

    #[test]
    fn rows_that_are_passed_over_say_why() {
        let outcomes = [Outcome::Skipped(Skip::MissingKey), Outcome::Skipped(Skip::DuplicateOf(7))];
        let skipped = |reason: &str| ImportResult { skip_reason: Some(reason.into()), ..plain_result() };
        let duplicate = ImportResult { input_index: 1, duplicate_of: Some(7), ..skipped("duplicate_row") };
        assert_eq!(written(&outcomes), [skipped("missing_key"), duplicate]);
    }

    #[test]
    fn a_dry_run_tells_verdicts_and_changes_and_ids_of_records_that_are_there() {
        let (old, unmade) = (RecordId::from_bytes([0xab; 16]), ids().record_id(0));
        let text = |raw: &str| Some(raw.into());
        let changes = [
            FieldChange { field: "default.city".into(), before: text("\"Oslo\""), after: text("[1,\"x\"]") },
            FieldChange { field: "default.title".into(), before: None, after: None },
        ];
        let rejected = |code| Outcome::Rejected(Box::new(RowError::new("", code, "no")));
        let fates = [
            (Outcome::Created { given_id: None }, FateWord::Created, "create"),
            (Outcome::Updated(old), FateWord::Updated, "update"),
            (Outcome::Updated(unmade), FateWord::Updated, "update"),
            (Outcome::Existing(old), FateWord::Unchanged, "unchanged"),
            (Outcome::Existing(old), FateWord::Existing, "skip"),
            (Outcome::Skipped(Skip::MissingKey), FateWord::Skipped, "skip"),
            (rejected(RowCode::MultipleMatches), FateWord::Failed, "ambiguous"),
            (rejected(RowCode::InvalidRow), FateWord::Failed, "error"),
        ];
        let mut writer = ResultWriter::of_form(ResultForm::Page, b"[".to_vec(), ids());
        for (row, (outcome, word, _)) in (0..).zip(&fates) {
            let changes: &[FieldChange] = if row == 1 { &changes } else { &[] };
            writer.push(row, &Fate::Foreseen(outcome.clone(), changes.into()), *word);
        }
        writer.raw(b"]");
        let bytes = writer.take();
        let _: Vec<ImportResult> = serde_json::from_slice(&bytes).expect("results");
        let read: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        for (row, (_, _, verdict)) in fates.iter().enumerate() {
            assert_eq!(read[row]["verdict"], *verdict, "{}", read[row]);
        }
        let named: Vec<_> = (0..4).map(|row| read[row]["id"].as_str()).collect();
        let old = old.to_string();
        assert_eq!(named, [None, Some(old.as_str()), None, Some(old.as_str())]);
        let told = serde_json::json!([
            {"field": "default.city", "before": "Oslo", "after": [1, "x"]}, {"field": "default.title"},
        ]);
        assert_eq!(read[1]["changes"], told);
        assert_eq!(read[0].get("changes"), None);
    }

    #[test]
    fn rows_that_were_not_reached_say_so() {
        let mut writer = ResultWriter::after(b"[".to_vec(), ids());
        writer.push(0, &Fate::NotAttempted, FateWord::NotAttempted);
        writer.raw(b"]");
        let read: Vec<ImportResult> = serde_json::from_slice(&writer.take()).expect("an array");
        assert_eq!(read[0].error.as_ref().map(|error| error.code.as_str()), Some("not_attempted"));
    }

    #[test]
    fn a_page_and_lines_have_words_and_any_row_can_be_the_first() {
        let id = RecordId::from_bytes([0xab; 16]);
        for (form, between, end) in [(ResultForm::Page, ",", ""), (ResultForm::Lines, "\n", "\n")] {
            let mut writer = ResultWriter::of_form(form, Vec::new(), ids());
            writer.push(7, &Fate::Reached(Outcome::Existing(id)), FateWord::Unchanged);
            writer.push(9, &Fate::Reached(Outcome::Updated(id)), FateWord::Updated);
            let text = String::from_utf8(writer.take()).expect("text");
            let one = format!(
                r#"{{"input_index":7,"outcome":"unchanged","id":"{id}","created":false,"existing":true,"updated":false}}"#
            );
            let other = format!(
                r#"{{"input_index":9,"outcome":"updated","id":"{id}","created":false,"existing":true,"updated":true}}"#
            );
            assert_eq!(text, format!("{one}{between}{other}{end}"));
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 9, 10, 4_294_967_295, 1_000_000] {
            let mut bytes = Vec::new();
            push_number(&mut bytes, number);
            assert_eq!(bytes, number.to_string().as_bytes());
        }
    }
}
