//! XML, piece by piece, with limits.
//!
//! Owns the way from a reader to tags and texts: entities resolved, empty elements opened and closed, prefixes taken off,
//! no document types, no piece larger than allowed, no nesting without end. Must not know what the elements mean.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};

use crate::error::{Code, WorkbookError};

/// How deep elements may be nested. Sheets nest about ten deep.
const DEPTH_MAX: usize = 256;

/// A piece of a document.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// An element begins.
    Open(Tag<'a>),
    /// An element ends.
    Close(EndTag<'a>),
    /// Text; one text may come in several pieces.
    Text(Cow<'a, str>),
    /// The document has ended.
    End,
}

/// The beginning of an element.
#[derive(Debug)]
pub(crate) struct Tag<'a> {
    start: BytesStart<'a>,
}

impl Tag<'_> {
    /// Its name without prefix.
    pub(crate) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// Calls `take` with prefix, name and value of each attribute.
    pub(crate) fn attributes(&self, mut take: impl FnMut(&str, &str, Cow<'_, str>)) -> Result<(), WorkbookError> {
        for attribute in self.start.attributes().with_checks(false) {
            let attribute =
                attribute.map_err(|problem| WorkbookError::invalid(format!("an attribute is damaged: {problem}")))?;
            let value = quick_xml::escape::unescape(&attribute.value);
            let value =
                value.map_err(|problem| WorkbookError::invalid(format!("an attribute is damaged: {problem}")))?;
            let key: &str = attribute.key.into_inner();
            let (prefix, name) = key.split_once(':').unwrap_or(("", key));
            take(prefix, name, value);
        }
        Ok(())
    }
}

/// The end of an element.
#[derive(Debug)]
pub(crate) struct EndTag<'a> {
    end: BytesEnd<'a>,
}

impl EndTag<'_> {
    /// Its name without prefix.
    pub(crate) fn name(&self) -> &str {
        self.end.local_name().into_inner()
    }
}

/// A document that is being read.
pub(crate) struct Xml<R: Read> {
    reader: Reader<Metered<R>>,
    buffer: Vec<u8>,
    part: String,
    depth: usize,
}

impl<R: Read> Xml<R> {
    /// Begins to read the part of this name, of whose pieces none may be larger than `piece_bytes_max`.
    pub(crate) fn new(part: &str, source: R, piece_bytes_max: usize) -> Self {
        let metered = Metered { inner: io::BufReader::with_capacity(64 * 1024, source), taken: 0, piece_bytes_max };
        let mut reader = Reader::from_reader(metered);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), part: part.to_owned(), depth: 0 }
    }

    /// The next piece. What says nothing, such as a comment, comes as an empty text.
    pub(crate) fn next(&mut self) -> Result<Piece<'_>, WorkbookError> {
        self.buffer.clear();
        self.reader.get_mut().taken = 0;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(problem) => return Err(refusal(&self.part, &problem)),
        };
        match event {
            Event::Start(_) if self.depth == DEPTH_MAX => {
                Err(WorkbookError::invalid(format!("'{}' nests more than {DEPTH_MAX} elements", self.part)))
            }
            Event::Start(start) | Event::Empty(start) => {
                self.depth += 1;
                Ok(Piece::Open(Tag { start }))
            }
            Event::End(end) => {
                // The reader refuses an end without a beginning.
                self.depth = self.depth.saturating_sub(1);
                Ok(Piece::Close(EndTag { end }))
            }
            Event::Text(text) => Ok(Piece::Text(normalised(text.into_inner()))),
            Event::CData(text) => Ok(Piece::Text(normalised(text.into_inner()))),
            Event::GeneralRef(reference) => match resolved(&reference) {
                Some(text) => Ok(Piece::Text(Cow::Owned(text))),
                None => Err(WorkbookError::invalid(format!("'{}' uses an entity that XML does not know", self.part))),
            },
            Event::DocType(_) => Err(WorkbookError::invalid(format!("'{}' declares a document type", self.part))),
            Event::Eof if self.depth > 0 => {
                Err(WorkbookError::invalid(format!("'{}' ends within an element", self.part)))
            }
            Event::Eof => Ok(Piece::End),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(Piece::Text(Cow::Borrowed(""))),
        }
    }

    /// Passes over the rest of the element that was opened last.
    pub(crate) fn skip(&mut self) -> Result<(), WorkbookError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    /// Reads what is left without looking at it, so that the check sum at the end is compared.
    pub(crate) fn drain(self) -> Result<(), WorkbookError> {
        let mut source = self.reader.into_inner().inner;
        io::copy(&mut source, &mut io::sink()).map_err(|failure| WorkbookError::of_read(&self.part, &failure))?;
        Ok(())
    }
}

/// XML has one line break, whatever the file has.
fn normalised(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The character that `&amp;` or `&#65;` stands for.
fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character.to_string()),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference).map(str::to_owned),
        Err(_) => None,
    }
}

fn refusal(part: &str, problem: &quick_xml::Error) -> WorkbookError {
    match problem {
        quick_xml::Error::Io(failure) => WorkbookError::of_read(part, failure),
        other => WorkbookError::invalid(format!("'{part}' in the workbook is not sound XML: {other}")),
    }
}

/// A reader that gives out only so much between two pieces.
struct Metered<R: Read> {
    inner: io::BufReader<R>,
    taken: usize,
    piece_bytes_max: usize,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > self.piece_bytes_max {
            let message = format!("a single piece of the workbook's XML has more than {} bytes", self.piece_bytes_max);
            return Err(WorkbookError::new(Code::RowTooLarge, message).into_io());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
        self.inner.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(document: &str, piece_bytes_max: usize) -> Result<String, WorkbookError> {
        let mut xml = Xml::new("part", document.as_bytes(), piece_bytes_max);
        let mut out = String::new();
        loop {
            match xml.next()? {
                Piece::Open(tag) => {
                    out.push_str(&format!("<{}", tag.name()));
                    tag.attributes(|prefix, name, value| out.push_str(&format!(" {prefix}|{name}={value}")))?;
                    out.push('>');
                }
                Piece::Close(tag) => out.push_str(&format!("</{}>", tag.name())),
                Piece::Text(text) => out.push_str(&text),
                Piece::End => return Ok(out),
            }
        }
    }

    #[test]
    fn pieces_come_without_prefixes_and_with_entities_resolved() {
        let document = "<?xml version='1.0'?><a:b x:y='1 &lt; 2'><c/>p&amp;q&#65;\r\n<!-- no --><![CDATA[<d>]]></a:b>";
        assert_eq!(shown(document, 1_000).unwrap(), "<b x|y=1 < 2><c></c>p&qA\n<d></b>");
    }

    #[test]
    fn what_could_cost_too_much_is_refused() {
        let refused = |document: &str| shown(document, 100_000).unwrap_err().message;
        let laughs = "<!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>";
        assert!(refused(laughs).contains("document type"));
        assert!(refused("<a>&b;</a>").contains("entity"));
        assert!(refused(&"<a>".repeat(300)).contains("nests more than"));
        assert!(refused("<a><b></b>").contains("ends within"));
        assert!(refused("<a></b>").contains("not sound XML"));
        let large = shown(&format!("<a>{}</a>", "x".repeat(300_000)), 100_000).unwrap_err();
        assert_eq!(large.code, Code::RowTooLarge);
    }
}
