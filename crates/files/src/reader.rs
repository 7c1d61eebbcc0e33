//! Reads one file: holds its beginning back until encoding and dialect are known, then lets the rows through.
//!
//! Owns the order of the steps and the counting of rows. Must not know how an encoding or a dialect is found.

use std::mem;

use encoding_rs::Encoding;

use crate::charset::{self, Charset};
use crate::decode::{Decoder, Stop};
use crate::error::FileError;
use crate::facts::{Dialect, Fact, Facts, Found};
use crate::header::{column_names, looks_like_data};
use crate::lines::{Line, LineSplitter};
use crate::rows::{Cutting, Row, RowSplitter};
use crate::settings::{ReadSettings, TextFormat};
use crate::sniff::{Sniffed, sniff};

/// Bytes of a file that are held back at most while its encoding and dialect are not known.
pub const HEAD_BYTES_MAX: usize = 256 * 1024;

type Result<T> = std::result::Result<T, FileError>;

/// Reads a text table that comes in pieces.
///
/// The sink gets each data row in the order of the file: of a delimited file a JSON array with one string a cell, of NDJSON
/// the line without the white space around it. Either is valid UTF-8; a line need not be valid JSON.
pub struct TableReader {
    format: TextFormat,
    settings: ReadSettings,
    phase: Phase,
    facts: Option<Facts>,
    counter: Counter,
    head_bytes_max: usize,
}

/// `Head → Body → Ended`, and from each to `Failed`; a short file ends from `Head` through `Body`.
enum Phase {
    /// What was pushed so far.
    Head(Vec<u8>),
    Body(Box<Body>),
    Ended,
    Failed(FileError),
}

struct Body {
    encoding: &'static Encoding,
    decoder: Decoder,
    splitter: Splitter,
}

enum Splitter {
    Cells(RowSplitter),
    Lines(LineSplitter),
}

/// Passes over the header, and counts the rows below.
struct Counter {
    skip: bool,
    rows: u64,
    rows_max: u64,
}

impl TableReader {
    /// A reader before the first byte.
    ///
    /// # Errors
    /// The settings contradict each other. Whether the encoding is known shows when the file is read.
    pub fn new(format: TextFormat, settings: ReadSettings) -> Result<Self> {
        TableReader::with_head(format, settings, HEAD_BYTES_MAX)
    }

    /// The same with another size of the beginning, so that small files can be read as large ones are.
    pub(crate) fn with_head(format: TextFormat, settings: ReadSettings, head_bytes_max: usize) -> Result<Self> {
        settings.check()?;
        let counter = Counter { skip: false, rows: 0, rows_max: settings.rows_max };
        Ok(TableReader { format, settings, phase: Phase::Head(Vec::new()), facts: None, counter, head_bytes_max })
    }

    /// How the file is read. Known before its first row comes out, and also after a fault behind the beginning.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// Data rows handed out so far.
    pub fn rows(&self) -> u64 {
        self.counter.rows
    }

    /// Bytes held: the beginning, or the unfinished row.
    pub fn held_bytes(&self) -> usize {
        match &self.phase {
            Phase::Head(head) => head.len(),
            Phase::Body(body) => body.held_bytes(),
            Phase::Ended | Phase::Failed(_) => 0,
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// The file cannot be read on. Later calls give the same error.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        let outcome = self.take(bytes, sink);
        self.heed(outcome)
    }

    /// Takes the end of the file, after which nothing more can be pushed.
    ///
    /// # Errors
    /// The file cannot be read to its end, or has no row.
    pub fn finish(&mut self, sink: &mut dyn FnMut(&[u8])) -> Result<Facts> {
        let outcome = self.end(sink);
        self.heed(outcome)
    }

    /// Makes a fault stay.
    fn heed<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(fault) = &outcome {
            self.phase = Phase::Failed(fault.clone());
        }
        outcome
    }

    fn end(&mut self, sink: &mut dyn FnMut(&[u8])) -> Result<Facts> {
        if let Phase::Head(head) = &mut self.phase {
            let head = mem::take(head);
            self.begin(&head, true, sink)?;
        }
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Failed(fault) => return Err(fault),
            Phase::Body(body) => body.finish(&mut self.counter, sink)?,
            Phase::Head(_) | Phase::Ended => return Err(FileError::after_end()),
        }
        match &self.facts {
            Some(facts) if facts.dialect.is_some() || self.counter.rows > 0 => Ok(facts.clone()),
            _ => Err(FileError::empty()),
        }
    }

    fn take(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        match &mut self.phase {
            Phase::Failed(fault) => Err(fault.clone()),
            Phase::Body(body) => body.push(bytes, false, &mut self.counter, sink),
            Phase::Ended => Err(FileError::after_end()),
            Phase::Head(head) => {
                let (held_back, rest) = bytes.split_at(bytes.len().min(self.head_bytes_max - head.len()));
                head.extend_from_slice(held_back);
                if head.len() < self.head_bytes_max {
                    return Ok(());
                }
                let head = mem::take(head);
                self.begin(&head, false, sink)?;
                self.take(rest, sink)
            }
        }
    }

    /// Decides how to read the file, and reads its beginning.
    fn begin(&mut self, head: &[u8], complete: bool, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        let charset = charset::decide(head, complete, self.settings.encoding.as_deref())?;
        let head = head.get(charset.bom_bytes..).unwrap_or_default();
        let (splitter, skip, dialect) = match self.format {
            TextFormat::Ndjson => (Splitter::Lines(LineSplitter::new(self.settings.row_bytes_max)), false, None),
            TextFormat::Delimited => {
                let text = text_of_head(head, complete, charset)?;
                let sniffed = sniff(&text, complete, &self.settings);
                let dialect = self.dialect(&sniffed, complete)?;
                let cutting = self.cutting(&dialect, sniffed.skip_lines);
                (Splitter::Cells(RowSplitter::new(cutting)), dialect.header.value, Some(dialect))
            }
        };
        let Charset { encoding, bom_bytes } = charset;
        let encoding_name = Fact { value: encoding.value.name(), found: encoding.found };
        self.facts = Some(Facts { encoding: encoding_name, bom: bom_bytes > 0, dialect });
        self.counter.skip = skip;
        let decoder = Decoder::new(encoding.value);
        let mut body = Box::new(Body { encoding: encoding.value, decoder, splitter });
        body.push(head, false, &mut self.counter, sink)?;
        self.phase = Phase::Body(body);
        Ok(())
    }

    fn dialect(&self, sniffed: &Sniffed, complete: bool) -> Result<Dialect> {
        let survey = &sniffed.survey;
        let Some(first_row) = survey.first_row(sniffed.titles) else {
            return Err(match (&survey.fault, complete) {
                (Some(fault), _) => fault.clone(),
                (None, true) if sniffed.skip_rows.value > 0 => FileError::nothing_below(sniffed.skip_rows.value),
                (None, true) => FileError::empty(),
                (None, false) => FileError::blank_beginning(self.head_bytes_max),
            });
        };
        let header = match self.settings.header {
            Some(given) => Fact { value: given, found: Found::Given },
            None => Fact { value: !looks_like_data(&first_row), found: Found::Detected },
        };
        let (usual_width, alike) = survey.usual_width(sniffed.titles);
        let rows = survey.widths(sniffed.titles).count();
        let mut names = if header.value { first_row } else { Vec::new() };
        // Most rows of hand-made exports may end in a delimiter that their header lacks.
        if !header.value || (usual_width > names.len() && alike * 2 > rows) {
            names.resize(usual_width, String::new());
        }
        let columns = column_names(&names);
        let Sniffed { delimiter, quote, skip_rows, .. } = *sniffed;
        Ok(Dialect { delimiter, quote, skip_rows, header, columns })
    }

    fn cutting(&self, dialect: &Dialect, skip_lines: u64) -> Cutting {
        Cutting {
            delimiter: dialect.delimiter.value,
            quote: dialect.quote.value,
            row_bytes_max: self.settings.row_bytes_max,
            columns_max: self.settings.columns_max,
            skip_lines,
        }
    }
}

/// The beginning as text: whole characters, and nothing that cannot be read.
fn text_of_head(head: &[u8], complete: bool, charset: Charset) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let encoding = charset.encoding.value;
    let outcome = Decoder::new(encoding).push(head, complete, &mut |part: &[u8]| {
        text.extend_from_slice(part);
        Ok(())
    });
    outcome.map_err(|stop| fault_of(stop, encoding, || last_line(&text)))?;
    Ok(text)
}

/// The number of the last line of a text, as [`RowSplitter`] counts.
fn last_line(text: &[u8]) -> u64 {
    let ends = memchr::memchr2_iter(b'\n', b'\r', text);
    let is_end = |&at: &usize| text.get(at) == Some(&b'\n') || text.get(at + 1) != Some(&b'\n');
    ends.filter(is_end).count() as u64 + 1
}

fn fault_of(stop: Stop, encoding: &'static Encoding, line: impl FnOnce() -> u64) -> FileError {
    match stop {
        Stop::Malformed => FileError::malformed(line(), encoding.name()),
        Stop::CutOff => FileError::cut_character(line(), encoding.name()),
        Stop::Sink(fault) => fault,
    }
}

impl Body {
    fn held_bytes(&self) -> usize {
        match &self.splitter {
            Splitter::Cells(splitter) => splitter.held_bytes(),
            Splitter::Lines(splitter) => splitter.held_bytes(),
        }
    }

    fn push(&mut self, bytes: &[u8], last: bool, counter: &mut Counter, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        let Body { encoding, decoder, splitter } = self;
        let outcome = decoder.push(bytes, last, &mut |text: &[u8]| match splitter {
            Splitter::Cells(splitter) => {
                splitter.push(text, &mut |row: Row<'_>| counter.count(row.json, row.line, sink))
            }
            Splitter::Lines(splitter) => {
                splitter.push(text, &mut |line: Line<'_>| counter.count(line.text, line.number, sink))
            }
        });
        let line = || match splitter {
            Splitter::Cells(splitter) => splitter.line(),
            Splitter::Lines(splitter) => splitter.number(),
        };
        outcome.map_err(|stop| fault_of(stop, encoding, line))
    }

    /// Hands out the last row.
    fn finish(mut self, counter: &mut Counter, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.push(&[], true, counter, sink)?;
        match self.splitter {
            Splitter::Cells(splitter) => splitter.finish(&mut |row: Row<'_>| counter.count(row.json, row.line, sink)),
            Splitter::Lines(splitter) => {
                splitter.finish(&mut |line: Line<'_>| counter.count(line.text, line.number, sink))
            }
        }
    }
}

impl Counter {
    fn count(&mut self, row: &[u8], line: u64, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        if mem::take(&mut self.skip) {
            return Ok(());
        }
        if self.rows == self.rows_max {
            return Err(FileError::too_many_rows(line, self.rows_max));
        }
        self.rows += 1;
        sink(row);
        Ok(())
    }
}
