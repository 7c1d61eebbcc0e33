//! The texts that cells of an XLSX workbook share.
//!
//! Owns their place in memory, all in one piece and ready as JSON, and what a text is made of. The number that the file
//! claims to hold makes no room.

use crate::container::Container;
use crate::error::{Code, WorkbookError};
use crate::settings::Settings;
use crate::table::write_text;
use crate::xml::{Piece, Tag, Xml};

/// Shared texts, as JSON strings.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Strings {
    /// The text at this place, as JSON; nothing if it is empty.
    pub(super) fn get(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)? as usize;
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |&begin| begin as usize);
        self.text.get(begin..end)
    }

    fn push(&mut self, text: &str, bytes_max: usize) -> Result<(), WorkbookError> {
        write_text(&mut self.text, text);
        let held = self.text.len() + self.ends.len() * size_of::<u32>();
        let end = u32::try_from(self.text.len()).ok().filter(|_| held <= bytes_max);
        let Some(end) = end else {
            let message = format!("the texts of the workbook have more than {bytes_max} bytes");
            return Err(WorkbookError::new(Code::PayloadTooLarge, message));
        };
        self.ends.push(end);
        Ok(())
    }
}

/// Reads all shared texts; a workbook may have none.
pub(super) fn read(container: &mut Container, name: &str, settings: &Settings) -> Result<Strings, WorkbookError> {
    let Some(source) = container.part(name)? else {
        return Ok(Strings::default());
    };
    // Each text takes an element of its own, `<si/>` at the least.
    let texts_max = source.declared_bytes() / 5;
    let mut xml = Xml::new(name, source, settings.limits.row_bytes_max);
    let mut strings = Strings::default();
    let mut text = RichText::default();
    loop {
        match xml.next()? {
            Piece::Open(tag) if tag.name() == "si" => text.begin(),
            Piece::Open(tag) if tag.name() == "sst" => require_possible_count(&tag, texts_max)?,
            Piece::Close(tag) if tag.name() == "si" => {
                strings.push(text.end(), settings.limits.shared_text_bytes_max)?;
            }
            Piece::End => return Ok(strings),
            piece => text.take(&piece, settings.limits.row_bytes_max)?,
        }
    }
}

/// Refuses a number of texts that the part has no room for. Nothing is made ready for any number; it tells a forged file.
fn require_possible_count(tag: &Tag<'_>, texts_max: u64) -> Result<(), WorkbookError> {
    let mut claimed = 0;
    tag.attributes(|_, name, value| {
        if name == "uniqueCount" {
            claimed = value.parse().unwrap_or(0);
        }
    })?;
    if claimed > texts_max {
        return Err(WorkbookError::invalid(format!(
            "the workbook claims {claimed} texts and has room for {texts_max}"
        )));
    }
    Ok(())
}

/// A text made of runs. Phonetic hints (`rPh`) stand beside it, not in it.
#[derive(Debug, Default)]
pub(super) struct RichText {
    text: String,
    within_text: bool,
    within_hint: bool,
}

impl RichText {
    /// Begins anew.
    pub(super) fn begin(&mut self) {
        self.text.clear();
        (self.within_text, self.within_hint) = (false, false);
    }

    /// Takes a piece of what stands between beginning and end.
    pub(super) fn take(&mut self, piece: &Piece<'_>, bytes_max: usize) -> Result<(), WorkbookError> {
        match piece {
            Piece::Open(tag) => match tag.name() {
                "t" => self.within_text = true,
                "rPh" => self.within_hint = true,
                _ => {}
            },
            Piece::Close(tag) => match tag.name() {
                "t" => self.within_text = false,
                "rPh" => self.within_hint = false,
                _ => {}
            },
            Piece::Text(text) if self.within_text && !self.within_hint => {
                if self.text.len() + text.len() > bytes_max {
                    let message = format!("a text of the workbook has more than {bytes_max} bytes");
                    return Err(WorkbookError::new(Code::RowTooLarge, message));
                }
                self.text.push_str(text);
            }
            _ => {}
        }
        Ok(())
    }

    /// The whole text.
    pub(super) fn end(&mut self) -> &str {
        unescape(&mut self.text);
        &self.text
    }
}

/// Undoes `_x000D_`, by which XLSX writes characters that XML does not take, in place.
pub(super) fn unescape(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(place) = rest.find("_x") {
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        let code = from.get(2..6).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let character = code.filter(|_| from.as_bytes().get(6) == Some(&b'_'));
        let character = character.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        let taken = match character {
            Some(character) => {
                out.push(character);
                7
            }
            None => {
                out.push_str("_x");
                2
            }
        };
        rest = &from[taken..];
    }
    out.push_str(rest);
    *text = out;
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn escaped_characters_come_back() {
        let shown = |text: &str| {
            let mut text = text.to_owned();
            unescape(&mut text);
            text
        };
        let given = ["a_x000D_\nb", "_x005F_x000D_", "_x00", "_xZZZZ_", "_xD800_", "a_x", "_x0041__x0042_", "_x00é1_"];
        let expected = ["a\r\nb", "_x000D_", "_x00", "_xZZZZ_", "_xD800_", "a_x", "AB", "_x00é1_"];
        assert_eq!(given.map(shown), expected.map(str::to_owned));
    }
}
