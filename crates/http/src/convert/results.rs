//! The results of an import as JSON, written by hand: a finished job may have millions, and each is only a few words.
//!
//! Takes outcomes in row order and gives bytes in pieces of [`PIECE_BYTES`], so that an answer needs the same little
//! memory whatever its size.

use refract_domain::error::{Fault, RowCode, RowError};
use refract_domain::ids::{RecordId, RecordIdSpace};
use refract_domain::import::outcome::Outcome;
use refract_domain::import::undo::NO_RECORD;

/// A piece is handed on once it has this many bytes.
pub(crate) const PIECE_BYTES: usize = 64 << 10;

/// Writes the elements of `results`, without the brackets around them.
pub(crate) struct ResultWriter {
    record_ids: RecordIdSpace,
    /// Whether the outcomes are those of an undo.
    of_undo: bool,
    bytes: Vec<u8>,
    next_row: u32,
}

impl ResultWriter {
    /// A writer at row 0 that goes on after `bytes`.
    pub(crate) fn after(bytes: Vec<u8>, record_ids: RecordIdSpace) -> Self {
        Self { record_ids, of_undo: false, bytes, next_row: 0 }
    }

    /// The same for the outcomes of an undo, if they are.
    pub(crate) fn of_undo(self, of_undo: bool) -> Self {
        Self { of_undo, ..self }
    }

    /// The row whose outcome comes next.
    pub(crate) fn next_row(&self) -> u32 {
        self.next_row
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

    /// Writes the outcome of the next row.
    pub(crate) fn push(&mut self, outcome: &Outcome) {
        let row = self.next_row;
        self.begin(row);
        if self.of_undo {
            return self.push_undone(outcome, row);
        }
        match outcome {
            Outcome::Created { given_id } => {
                let id = given_id.unwrap_or_else(|| self.record_ids.record_id(row));
                self.finish(id, br#"","created":true,"existing":false,"updated":false}"#);
            }
            Outcome::Existing(id) => self.finish(*id, br#"","created":false,"existing":true,"updated":false}"#),
            Outcome::Updated(id) => self.finish(*id, br#"","created":false,"existing":true,"updated":true}"#),
            Outcome::Rejected(error) => self.finish_rejected(error),
        }
    }

    fn push_undone(&mut self, outcome: &Outcome, row: u32) {
        let flags: &[u8] = match outcome {
            Outcome::Created { .. } => br#"","created":false,"existing":false,"updated":false,"outcome":"removed"}"#,
            Outcome::Updated(_) => br#"","created":false,"existing":true,"updated":true,"outcome":"restored"}"#,
            Outcome::Existing(NO_RECORD) => {
                let words = br#"null,"created":false,"existing":false,"updated":false,"outcome":"unchanged"}"#;
                return self.bytes.extend_from_slice(words);
            }
            Outcome::Existing(_) => br#"","created":false,"existing":true,"updated":false,"outcome":"unchanged"}"#,
            Outcome::Rejected(error) => return self.finish_rejected(error),
        };
        if let Some(id) = outcome.record_id(&self.record_ids, row) {
            self.finish(id, flags);
        }
    }

    /// Writes that the job ended before it came to the next row.
    pub(crate) fn push_not_attempted(&mut self) {
        self.begin(self.next_row);
        let message = "The job ended before it came to this row; send the row again.";
        self.finish_rejected(&RowError::new("", RowCode::NotAttempted, message));
    }

    /// Appends what is no result, such as the closing bracket.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn begin(&mut self, row: u32) {
        if row > 0 {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(br#"{"input_index":"#);
        push_number(&mut self.bytes, row);
        self.bytes.extend_from_slice(br#","id":"#);
        self.next_row += 1;
    }

    fn finish(&mut self, id: RecordId, flags: &[u8]) {
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(id.0.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
        self.bytes.extend_from_slice(flags);
    }

    fn finish_rejected(&mut self, error: &RowError) {
        self.bytes.extend_from_slice(br#"null,"created":false,"existing":false,"updated":false,"error":{"code":""#);
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
        self.bytes.push(b'}');
    }

    fn push_text(&mut self, text: &str) {
        // Writing a text into a vector cannot fail.
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }
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
    use refract_wire::{FieldError, ImportResult, RowError as WireRowError};
    use uuid::Uuid;

    use super::*;

    fn ids() -> RecordIdSpace {
        RecordIdSpace { created_ms: 1_782_900_000_000, first_index: 3, source: Uuid::from_u128(7) }
    }

    fn written(outcomes: &[Outcome]) -> Vec<ImportResult> {
        let mut writer = ResultWriter::after(b"[".to_vec(), ids());
        outcomes.iter().for_each(|outcome| writer.push(outcome));
        writer.raw(b"]");
        serde_json::from_slice(&writer.take()).expect("an array of results")
    }

    fn result(input_index: u64, id: RecordId, flags: (bool, bool, bool)) -> ImportResult {
        let (created, existing, updated) = flags;
        ImportResult { input_index, id: Some(id.to_string()), created, existing, updated, outcome: None, error: None }
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
        let mut writer = ResultWriter::after(b"[".to_vec(), ids()).of_undo(true);
        outcomes.iter().for_each(|outcome| writer.push(outcome));
        writer.raw(b"]");
        let read: Vec<ImportResult> = serde_json::from_slice(&writer.take()).expect("an array of results");
        let words: Vec<_> = read.iter().map(|result| result.outcome.as_deref()).collect();
        assert_eq!(
            words,
            [Some("removed"), Some("removed"), Some("restored"), Some("unchanged"), Some("unchanged"), None]
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
        error.rest.push(Fault { field: String::new(), code: RowCode::InvalidRow, message: "x".into() });
        let fault = |field: &str, code: &str, message: &str| FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        };
        let expected = ImportResult {
            input_index: 0,
            id: None,
            created: false,
            existing: false,
            updated: false,
            outcome: None,
            error: Some(WireRowError {
                code: "unknown_property".into(),
                message: "no \"emial\"\n\u{1f}é".into(),
                errors: vec![
                    fault("default.emial", "unknown_property", "no \"emial\"\n\u{1f}é"),
                    fault("", "invalid_row", "x"),
                ],
            }),
        };
        assert_eq!(written(&[Outcome::Rejected(Box::new(error))]), [expected]);
    }

    #[test]
    fn rows_that_were_not_reached_say_so() {
        let mut writer = ResultWriter::after(b"[".to_vec(), ids());
        writer.push_not_attempted();
        writer.raw(b"]");
        let read: Vec<ImportResult> = serde_json::from_slice(&writer.take()).expect("an array");
        assert_eq!(read[0].error.as_ref().map(|error| error.code.as_str()), Some("not_attempted"));
        assert_eq!(writer.next_row(), 1);
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
