//! Cursors: the place where a page ended as an opaque text, good for one query alone.
//!
//! A cursor is a version, the rows on a page, a [`Position`] and a signature, as base64url without padding. The signature
//! is keyed by the installation's secret and covers the question as well (team, type, filter, ids, list, hidden records,
//! order; neither the rows on a page nor what is shown), so a cursor that was changed, made up, or is of another question
//! is no cursor.

mod print;
#[cfg(test)]
mod tests;

use super::{PAGE_ROWS_MAX, Position, RecordQuery, SortValue};
use crate::base64url;
use crate::ids::{RecordId, TeamId};
use crate::key::KeyHasher;
use crate::page_cursor::same_bytes;
use print::Print;

/// What the key of signatures is derived for; also keeps the first form of cursors apart from later ones.
const PURPOSE: &[u8] = b"signatures of the cursors of queries";

/// The form described above.
const VERSION: u8 = 1;

const SIGNATURE_BYTES: usize = 16;

/// Signs and opens the cursors of one team.
#[derive(Clone)]
pub struct CursorSigner {
    key: [u8; 16],
    team_id: TeamId,
}

/// What a cursor says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opened {
    /// Rows on a page.
    pub(super) limit: u32,
    /// Where the page before ended.
    pub(super) position: Position,
}

impl CursorSigner {
    /// The signer of a team's cursors, with the installation's secret.
    #[must_use]
    pub fn new(hasher: &KeyHasher, team_id: TeamId) -> Self {
        Self { key: hasher.derived_key(PURPOSE), team_id }
    }

    /// The cursor with which the page after `position` is asked for.
    #[must_use]
    pub fn sign(&self, query: &RecordQuery, position: &Position) -> String {
        let mut bytes = vec![VERSION, u8::try_from(query.limit.min(PAGE_ROWS_MAX)).unwrap_or(u8::MAX)];
        bytes.extend_from_slice(position.id.as_bytes());
        position.values.iter().for_each(|value| push_value(&mut bytes, value.as_ref()));
        let signature = self.signature(query, &bytes);
        bytes.extend_from_slice(&signature);
        base64url::encode(&bytes)
    }

    /// What a cursor of this query says; `None` for anything else.
    pub(super) fn open(&self, cursor: &str, query: &RecordQuery) -> Option<Opened> {
        let bytes = base64url::decode(cursor)?;
        let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        if !same_bytes(&self.signature(query, said), signature) {
            return None;
        }
        let mut reader = Reader { rest: said };
        if reader.byte()? != VERSION {
            return None;
        }
        let limit = u32::from(reader.byte()?);
        let id = RecordId::from_bytes(reader.array()?);
        let values: Vec<Option<SortValue>> = query.sort.iter().map(|_| reader.value()).collect::<Option<_>>()?;
        let is_whole = reader.rest.is_empty() && (1..=PAGE_ROWS_MAX).contains(&limit);
        is_whole.then_some(Opened { limit, position: Position { values, id } })
    }

    fn signature(&self, query: &RecordQuery, said: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut print = Print::new(&self.key);
        print.bytes(self.team_id.as_bytes());
        print.query(query);
        print.bytes(said);
        print.finish()
    }
}

const NOTHING: u8 = 0;
const TEXT: u8 = 1;
const NUMBER: u8 = 2;
const FALSE: u8 = 3;
const TRUE: u8 = 4;

fn push_value(bytes: &mut Vec<u8>, value: Option<&SortValue>) {
    match value {
        None => bytes.push(NOTHING),
        Some(SortValue::Bool(false)) => bytes.push(FALSE),
        Some(SortValue::Bool(true)) => bytes.push(TRUE),
        Some(SortValue::Number(number)) => push_text(bytes, NUMBER, number),
        Some(SortValue::Text(text)) => push_text(bytes, TEXT, text),
    }
}

/// The tag, the length as seven bits a byte, the lowest first, and the text.
fn push_text(bytes: &mut Vec<u8>, tag: u8, text: &str) {
    bytes.push(tag);
    let mut length = text.len();
    while length > 0x7f {
        bytes.push(0x80 | u8::try_from(length & 0x7f).unwrap_or_default());
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap_or_default());
    bytes.extend_from_slice(text.as_bytes());
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (first, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*first)
    }

    /// The outer `None`: there is no value here.
    fn value(&mut self) -> Option<Option<SortValue>> {
        Some(match self.byte()? {
            NOTHING => None,
            FALSE => Some(SortValue::Bool(false)),
            TRUE => Some(SortValue::Bool(true)),
            NUMBER => Some(SortValue::Number(self.text()?)),
            TEXT => Some(SortValue::Text(self.text()?)),
            _ => return None,
        })
    }

    fn text(&mut self) -> Option<String> {
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let (text, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                return String::from_utf8(text.to_vec()).ok();
            }
        }
        None
    }
}
