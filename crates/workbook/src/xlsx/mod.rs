//! XLSX: where the parts of a workbook lie, and the way from its first part to the rows of a sheet.
//!
//! Owns relationships between parts, the list of sheets and the count of days. Must not know cells (`sheet`), shared texts
//! (`strings`) or formats (`styles`).

mod sheet;
mod strings;
mod styles;

use std::collections::HashMap;

use crate::container::Container;
use crate::error::WorkbookError;
use crate::settings::Settings;
use crate::table::{self, Chosen, Table};
use crate::xml::{Piece, Xml};
use crate::{Format, Sheet, Sink, WorkbookFacts};

/// A piece of the small parts: a name, a relationship, a format.
const SMALL_PIECE_BYTES_MAX: usize = 256 * 1024;

/// A sheet and where it lies.
struct Listed {
    sheet: Sheet,
    /// `None` for a sheet that is a chart or a macro.
    part: Option<String>,
}

/// What the workbook's first part says.
#[derive(Default)]
struct Workbook {
    sheets: Vec<Listed>,
    date_1904: bool,
}

/// A relationship of a part: what the other part is, and its name.
struct Relation {
    kind: String,
    target: String,
}

/// Name of the part that lists the sheets; `None` if the archive is no Office document.
pub(crate) fn main_part(container: &mut Container) -> Result<Option<String>, WorkbookError> {
    let relations = relations(container, "")?;
    Ok(relations.into_values().find(|relation| relation.kind == "officeDocument").map(|relation| relation.target))
}

/// Reads the rows of the chosen sheet.
pub(crate) fn read(
    container: &mut Container,
    main: &str,
    settings: &Settings,
    sink: &mut dyn Sink,
) -> Result<WorkbookFacts, WorkbookError> {
    let relations = relations(container, main)?;
    let workbook = workbook(container, main, &relations)?;
    let worksheets: Vec<&Listed> = workbook.sheets.iter().filter(|listed| listed.part.is_some()).collect();
    let sheets: Vec<Sheet> = worksheets.iter().map(|listed| listed.sheet.clone()).collect();
    let index = table::choose(&sheets, settings)?;
    let Some(part) = worksheets.get(index).and_then(|listed| listed.part.as_deref()) else {
        return Err(WorkbookError::invalid("the chosen sheet has no cells"));
    };
    let target =
        |kind: &str| relations.values().find(|relation| relation.kind == kind).map(|relation| relation.target.as_str());
    let formats = match target("styles") {
        Some(name) => styles::read(container, name)?,
        None => Vec::new(),
    };
    let strings = match target("sharedStrings") {
        Some(name) => strings::read(container, name, settings)?,
        None => strings::Strings::default(),
    };
    let date_1904 = workbook.date_1904;
    let chosen = Chosen { format: Format::Xlsx, name: sheets[index].name.clone(), index, date_1904 };
    let table = Table::new(chosen, settings, sink);
    let Some(source) = container.part(part)? else {
        return Err(WorkbookError::invalid(format!("the workbook lists the sheet '{part}' and does not have it")));
    };
    let xml = Xml::new(part, source, settings.limits.row_bytes_max);
    let table = sheet::SheetReader::new(xml, table, &strings, &formats, date_1904, &settings.limits).read()?;
    table.finish(sheets)
}

/// The relationships of a part by their ids; of the archive itself if `part` is empty.
fn relations(container: &mut Container, part: &str) -> Result<HashMap<String, Relation>, WorkbookError> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = if folder.is_empty() { format!("_rels/{file}.rels") } else { format!("{folder}/_rels/{file}.rels") };
    let mut found = HashMap::new();
    let Some(source) = container.part(&name)? else {
        return Ok(found);
    };
    let mut xml = Xml::new(&name, source, SMALL_PIECE_BYTES_MAX);
    loop {
        match xml.next()? {
            Piece::Open(tag) if tag.name() == "Relationship" => {
                let (mut id, mut kind, mut target, mut external) = (String::new(), String::new(), String::new(), false);
                tag.attributes(|_, name, value| match name {
                    "Id" => id = value.into_owned(),
                    // The address before the last word differs between the two editions of the standard.
                    "Type" => kind = value.rsplit('/').next().unwrap_or_default().to_owned(),
                    "Target" => target = resolve(folder, &value),
                    "TargetMode" => external = value == "External",
                    _ => {}
                })?;
                if !external {
                    found.insert(id, Relation { kind, target });
                }
            }
            Piece::End => return Ok(found),
            _ => {}
        }
    }
}

/// The name of the part that `target` names from within `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                steps.pop();
            }
            _ => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

fn workbook(
    container: &mut Container,
    name: &str,
    relations: &HashMap<String, Relation>,
) -> Result<Workbook, WorkbookError> {
    let Some(source) = container.part(name)? else {
        return Err(WorkbookError::invalid(format!("the file names its workbook '{name}' and does not have it")));
    };
    let mut xml = Xml::new(name, source, SMALL_PIECE_BYTES_MAX);
    let mut workbook = Workbook::default();
    let mut within_workbook = false;
    loop {
        match xml.next()? {
            Piece::Open(tag) => match tag.name() {
                "workbook" => within_workbook = true,
                "workbookPr" => tag.attributes(|_, name, value| {
                    if name == "date1904" {
                        workbook.date_1904 = matches!(&*value, "1" | "true");
                    }
                })?,
                "sheet" => {
                    let mut sheet = Sheet { name: String::new(), hidden: false };
                    let mut part = None;
                    tag.attributes(|prefix, name, value| match name {
                        "name" => sheet.name = value.into_owned(),
                        "state" => sheet.hidden = matches!(&*value, "hidden" | "veryHidden"),
                        "id" if !prefix.is_empty() => {
                            let relation = relations.get(&*value).filter(|relation| relation.kind == "worksheet");
                            part = relation.map(|relation| relation.target.clone());
                        }
                        _ => {}
                    })?;
                    workbook.sheets.push(Listed { sheet, part });
                }
                _ => {}
            },
            Piece::End if within_workbook => return Ok(workbook),
            Piece::End => return Err(WorkbookError::invalid(format!("'{name}' is not the list of sheets"))),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn names_of_parts_are_found_from_where_they_are_named() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("", "xl/workbook.xml"), "xl/workbook.xml");
        assert_eq!(resolve("xl/a", "..\\sheet1.xml"), "xl/sheet1.xml");
        assert_eq!(resolve("xl", "../../../sheet1.xml"), "sheet1.xml");
    }
}
