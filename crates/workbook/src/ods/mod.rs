//! ODS: the way from the archive to the rows of a sheet.
//!
//! Owns finding the sheets, which of them are hidden, and their rows; repeated rows and cells stay counts, whatever they
//! count to. Must not know what a cell's value means (`cell`).
//!
//! All sheets lie in one part, one after the other, and nothing before them lists them: an unknown sheet is known only at the
//! end.

mod cell;

use std::collections::HashSet;
use std::io::Read;

use crate::container::Container;
use crate::error::WorkbookError;
use crate::kind;
use crate::settings::{Settings, SheetChoice};
use crate::table::{self, Chosen, Row, Table};
use crate::xml::{Piece, Tag, Xml};
use crate::{Format, Sheet, Sink, WorkbookFacts};

use cell::CellReader;

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "META-INF/manifest.xml";
const SMALL_PIECE_BYTES_MAX: usize = 256 * 1024;
/// Sheets of a workbook; LibreOffice stops at 10,000.
const SHEETS_MAX: usize = 10_000;

/// Reads the rows of the chosen sheet.
pub(crate) fn read(
    container: &mut Container,
    settings: &Settings,
    sink: &mut dyn Sink,
) -> Result<WorkbookFacts, WorkbookError> {
    if container.has("encrypted-package") || is_encrypted(container)? {
        return Err(kind::encrypted());
    }
    let Some(source) = container.part(CONTENT)? else {
        return Err(WorkbookError::invalid(format!("the workbook has no '{CONTENT}'")));
    };
    let mut xml = Xml::new(CONTENT, source, settings.limits.row_bytes_max);
    let hidden_styles = find_sheets(&mut xml)?;
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut sink = Some(sink);
    let mut table = None;
    loop {
        let sheet = match xml.next()? {
            Piece::Open(tag) if tag.name() == "table" => sheet_of(&tag, &hidden_styles)?,
            // Lists of changes and of links hold tables too, which are no sheets.
            Piece::Open(_) => {
                xml.skip()?;
                continue;
            }
            Piece::Close(_) => break,
            _ => continue,
        };
        let index = sheets.len();
        let wanted = match &settings.sheet {
            SheetChoice::FirstVisible => !sheet.hidden,
            SheetChoice::Name(name) => sheet.name == *name,
            SheetChoice::Index(wanted) => index == *wanted,
        };
        if index == SHEETS_MAX {
            return Err(WorkbookError::invalid(format!("the workbook has more than {SHEETS_MAX} sheets")));
        }
        match sink.take_if(|_| wanted) {
            Some(sink) => {
                let chosen = Chosen { format: Format::Ods, name: sheet.name.clone(), index, date_1904: false };
                table = Some(read_rows(&mut xml, Table::new(chosen, settings, sink), settings)?);
            }
            None => xml.skip()?,
        }
        sheets.push(sheet);
    }
    xml.drain()?;
    match table {
        Some(table) => table.finish(sheets),
        None => {
            Err(table::choose(&sheets, settings).err().unwrap_or_else(|| WorkbookError::invalid("no sheet was read")))
        }
    }
}

/// Whether the list of parts says how to decrypt them.
fn is_encrypted(container: &mut Container) -> Result<bool, WorkbookError> {
    let Some(source) = container.part(MANIFEST)? else {
        return Ok(false);
    };
    let mut xml = Xml::new(MANIFEST, source, SMALL_PIECE_BYTES_MAX);
    loop {
        match xml.next()? {
            Piece::Open(tag) if tag.name() == "encryption-data" => return Ok(true),
            Piece::End => return Ok(false),
            _ => {}
        }
    }
}

/// Reads up to the beginning of the sheets; gives the names of the table styles that hide a sheet.
fn find_sheets<R: Read>(xml: &mut Xml<R>) -> Result<HashSet<String>, WorkbookError> {
    let mut hidden = HashSet::new();
    let mut style = String::new();
    loop {
        match xml.next()? {
            Piece::Open(tag) => match tag.name() {
                "spreadsheet" => return Ok(hidden),
                "style" => tag.attributes(|prefix, name, value| {
                    if name == "name" && prefix == "style" {
                        style = value.into_owned();
                    }
                })?,
                "table-properties" => tag.attributes(|_, name, value| {
                    if name == "display" && value == "false" {
                        hidden.insert(style.clone());
                    }
                })?,
                _ => {}
            },
            Piece::End => return Err(WorkbookError::invalid("the document holds no sheets")),
            _ => {}
        }
    }
}

fn sheet_of(tag: &Tag<'_>, hidden_styles: &HashSet<String>) -> Result<Sheet, WorkbookError> {
    let mut sheet = Sheet { name: String::new(), hidden: false };
    tag.attributes(|_, name, value| match name {
        "name" => sheet.name = value.into_owned(),
        "style-name" => sheet.hidden |= hidden_styles.contains(&*value),
        "display" => sheet.hidden |= value == "false",
        _ => {}
    })?;
    Ok(sheet)
}

/// Reads the rows of the sheet that was opened last. Groups of rows and of header rows are passed through.
fn read_rows<'a, R: Read>(
    xml: &mut Xml<R>,
    mut table: Table<'a>,
    settings: &'a Settings,
) -> Result<Table<'a>, WorkbookError> {
    const GROUPS: [&str; 3] = ["table-header-rows", "table-row-group", "table-rows"];
    let mut groups = 0_usize;
    let mut number = 1_u64;
    let mut row = Row::default();
    let mut cells = CellReader::new(&settings.limits);
    loop {
        let repeats = match xml.next()? {
            Piece::Open(tag) if tag.name() == "table-row" => count_of(&tag, "number-rows-repeated")?,
            Piece::Open(tag) if GROUPS.contains(&tag.name()) => {
                groups += 1;
                continue;
            }
            Piece::Open(_) => {
                xml.skip()?;
                continue;
            }
            Piece::Close(_) if groups == 0 => return Ok(table),
            Piece::Close(_) => {
                groups -= 1;
                continue;
            }
            _ => continue,
        };
        row.clear();
        cells.read_row(xml, &mut row)?;
        table.take(number, repeats, &row)?;
        let after = number.checked_add(repeats);
        number = after.ok_or_else(|| WorkbookError::invalid("the sheet has more rows than can be counted"))?;
    }
}

/// How often a row or a cell stands in its place: an attribute that is rarely there.
fn count_of(tag: &Tag<'_>, attribute: &str) -> Result<u64, WorkbookError> {
    let mut count = Some(1);
    tag.attributes(|_, name, value| {
        if name == attribute {
            count = value.parse().ok();
        }
    })?;
    count.ok_or_else(|| WorkbookError::invalid("a row or a cell of the sheet is repeated without a sound number"))
}
