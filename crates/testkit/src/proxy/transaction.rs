//! What a client has sent in the transaction it is in. Pure.

use std::collections::{HashMap, HashSet};

use super::frames::Frame;

/// The statements of one connection.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// Texts of prepared statements by name; one is prepared once and used in many transactions.
    prepared: HashMap<String, String>,
    /// Texts since the last COMMIT or ROLLBACK.
    sent: HashSet<String>,
}

impl Transaction {
    /// Takes note of a message; true when it is a COMMIT.
    pub(super) fn takes_commit(&mut self, frame: &Frame) -> bool {
        let mut texts = frame.texts();
        let (first, second) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        match frame.letter {
            Some(b'Q') if is_word(first, "COMMIT") => return true,
            Some(b'Q') if is_word(first, "ROLLBACK") => self.sent.clear(),
            Some(b'Q') => drop(self.sent.insert(first.to_owned())),
            Some(b'P') => drop(self.prepared.insert(first.to_owned(), second.to_owned())),
            // The portal's name stands first.
            Some(b'B') => self.sent.extend(self.prepared.get(second).cloned()),
            _ => {}
        }
        false
    }

    /// Whether a statement with these words in it was sent since the last COMMIT.
    pub(super) fn has_sent(&self, words: &str) -> bool {
        words.is_empty() || self.sent.iter().any(|text| text.contains(words))
    }

    /// The COMMIT goes its way: what follows belongs to the next transaction.
    pub(super) fn end(&mut self) {
        self.sent.clear();
    }
}

fn is_word(statement: &str, word: &str) -> bool {
    statement.trim().trim_end_matches(';').trim_end().eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(letter: u8, content: &str) -> Frame {
        let bytes = [&[letter, 0, 0, 0, 0][..], content.as_bytes()].concat();
        Frame { letter: Some(letter), bytes }
    }

    #[test]
    fn a_prepared_statement_counts_in_the_transaction_that_uses_it() {
        let mut transaction = Transaction::default();
        assert!(!transaction.takes_commit(&frame(b'P', "s0\0INSERT INTO job_outcome\0")));
        assert!(!transaction.has_sent("job_outcome"), "prepared, not used");
        assert!(!transaction.takes_commit(&frame(b'B', "\0s0\0")));
        assert!(transaction.has_sent("job_outcome") && transaction.has_sent("") && !transaction.has_sent("record"));
        assert!(transaction.takes_commit(&frame(b'Q', "commit;\0")));
        transaction.end();
        assert!(!transaction.has_sent("job_outcome"));
        transaction.takes_commit(&frame(b'B', "\0s0\0"));
        assert!(transaction.has_sent("job_outcome"), "used again");
        assert!(!transaction.takes_commit(&frame(b'Q', "ROLLBACK\0")));
        assert!(!transaction.has_sent("job_outcome"));
        assert!(!transaction.takes_commit(&frame(b'Q', "COMMIT PREPARED 'x'\0")), "another statement");
    }
}
