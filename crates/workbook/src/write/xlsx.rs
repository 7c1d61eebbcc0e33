//! What an XLSX file of one sheet says.

use std::fmt::Write as _;

use super::{Cell, escaped, is_xml, push_character};

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// UTF-16 units of a sheet's name.
const SHEET_NAME_UNITS_MAX: usize = 31;

/// What stands behind the last row.
pub(super) const CONTENT_END: &str = "</sheetData></worksheet>";

/// The parts before the sheet.
pub(super) fn parts(sheet: &str) -> Vec<(&'static str, String)> {
    let types = format!(
        "{DECLARATION}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{TYPE}.sheet.main+xml\"/>\
         <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{TYPE}.worksheet+xml\"/></Types>"
    );
    let relation = |kind: &str, target: &str| {
        format!(
            "{DECLARATION}<Relationships xmlns=\"{RELATIONSHIPS}\">\
             <Relationship Id=\"rId1\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let workbook = format!(
        "{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>\
         <sheet name=\"{}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        escaped(sheet)
    );
    vec![
        ("[Content_Types].xml", types),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
    ]
}

/// The name, as far as Excel takes it.
pub(super) fn sheet_name(name: &str) -> String {
    let taken = |character: &char| !matches!(character, '[' | ']' | ':' | '*' | '?' | '/' | '\\') && is_xml(*character);
    let mut units = 0;
    let short: String = name
        .chars()
        .filter(taken)
        .take_while(|character| {
            units += character.len_utf16();
            units <= SHEET_NAME_UNITS_MAX
        })
        .collect();
    match short.trim_matches('\'') {
        blank if blank.trim().is_empty() => "Sheet1".to_owned(),
        name => name.to_owned(),
    }
}

/// The sheet's part, and what stands before its first row.
pub(super) fn content_begin() -> (&'static str, String) {
    ("xl/worksheets/sheet1.xml", format!("{DECLARATION}<worksheet xmlns=\"{MAIN}\"><sheetData>"))
}

/// Appends a row of this number, from 1.
pub(super) fn push_row<'c>(number: u64, cells: impl IntoIterator<Item = Cell<'c>>, out: &mut String) {
    // Writing to memory cannot fail.
    let _ = write!(out, "<row r=\"{number}\">");
    for (column, cell) in cells.into_iter().enumerate() {
        if cell == Cell::Empty {
            continue;
        }
        out.push_str("<c r=\"");
        push_column(out, column);
        let _ = match cell {
            Cell::Number(number_text) => write!(out, "{number}\"><v>{number_text}</v></c>"),
            Cell::Boolean(truth) => write!(out, "{number}\" t=\"b\"><v>{}</v></c>", u8::from(truth)),
            Cell::Text(text) => {
                let is_edged = text.starts_with(is_blank) || text.ends_with(is_blank);
                let kept = if is_edged { " xml:space=\"preserve\"" } else { "" };
                let _ = write!(out, "{number}\" t=\"inlineStr\"><is><t{kept}>");
                push_text(out, &text);
                out.push_str("</t></is></c>");
                Ok(())
            }
            Cell::Empty => Ok(()),
        };
    }
    out.push_str("</row>");
}

/// What is dropped at the edges of a text unless it says otherwise.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n')
}

/// Appends the letters of a column, from 0.
fn push_column(out: &mut String, column: usize) {
    let (before, letter) = (column / 26, column % 26);
    if before > 0 {
        push_column(out, before - 1);
    }
    out.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[letter]));
}

/// Appends text. What XML does not take, or would change, is written as `_x000D_`, and so is what would be read as that.
fn push_text(out: &mut String, text: &str) {
    for (place, character) in text.char_indices() {
        match character {
            '_' if is_code(&text[place..]) => out.push_str("_x005F_"),
            '\r' => out.push_str("_x000D_"),
            character if is_xml(character) => push_character(out, character),
            character => {
                // All that XML does not take is within the first plane.
                let _ = write!(out, "_x{:04X}_", u32::from(character));
            }
        }
    }
}

/// Whether what is written of the text would begin with what is read as a code: what ends one may itself begin the next.
fn is_code(text: &str) -> bool {
    let is_begin = |begin: &str| begin.starts_with("_x") && begin[2..].bytes().all(|digit| digit.is_ascii_hexdigit());
    let ends_it = |next: char| next == '_' || next == '\r' || !is_xml(next);
    text.get(..6).is_some_and(is_begin) && text[6..].starts_with(ends_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_gets_a_name_that_excel_takes() {
        let given = ["People", "a/b:c", "", " '' ", "'Q1'", "Leads ", &"x".repeat(40), &"😀".repeat(16), "R&D"];
        let expected = ["People", "abc", "Sheet1", " '' ", "Q1", "Leads ", &"x".repeat(31), &"😀".repeat(15), "R&D"];
        assert_eq!(given.map(sheet_name), expected);
    }

    #[test]
    fn columns_have_letters() {
        let letters = |column| {
            let mut out = String::new();
            push_column(&mut out, column);
            out
        };
        assert_eq!([0, 25, 26, 701, 702, 16_383].map(letters), ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }
}
