//! What an ODS file of one sheet says.

use std::fmt::Write as _;

use super::{Cell, escaped, is_xml, push_character};

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
const NAMES: &str = "urn:oasis:names:tc:opendocument:xmlns";
const MEDIA_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// How truths are shown. Without it LibreOffice shows them as 1 and 0, and keeps them as numbers.
const TRUTH_STYLE: &str = "<office:automatic-styles><number:boolean-style style:name=\"truth\"><number:boolean/>\
    </number:boolean-style><style:style style:name=\"t\" style:family=\"table-cell\" style:data-style-name=\"truth\"/>\
    </office:automatic-styles>";

/// What stands behind the last row.
pub(super) const CONTENT_END: &str = "</table:table></office:spreadsheet></office:body></office:document-content>";

/// The parts before the sheet: first the one that says what the file is.
pub(super) fn parts() -> Vec<(&'static str, String)> {
    let manifest = format!(
        "{DECLARATION}<manifest:manifest xmlns:manifest=\"{NAMES}:manifest:1.0\" manifest:version=\"1.2\">\
         <manifest:file-entry manifest:full-path=\"/\" manifest:version=\"1.2\" manifest:media-type=\"{MEDIA_TYPE}\"/>\
         <manifest:file-entry manifest:full-path=\"styles.xml\" manifest:media-type=\"text/xml\"/>\
         <manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>"
    );
    // Excel looks for it.
    let styles = format!(
        "{DECLARATION}<office:document-styles xmlns:office=\"{NAMES}:office:1.0\" office:version=\"1.2\">\
         <office:styles/></office:document-styles>"
    );
    vec![("mimetype", MEDIA_TYPE.to_owned()), ("META-INF/manifest.xml", manifest), ("styles.xml", styles)]
}

/// The name, as far as XML takes it.
pub(super) fn sheet_name(name: &str) -> String {
    let name: String = name.chars().filter(|character| is_xml(*character)).collect();
    if name.is_empty() { "Sheet1".to_owned() } else { name }
}

/// The sheet's part, and what stands before its first row.
pub(super) fn content_begin(sheet: &str, columns: usize) -> (&'static str, String) {
    let begin = format!(
        "{DECLARATION}<office:document-content xmlns:office=\"{NAMES}:office:1.0\" xmlns:table=\"{NAMES}:table:1.0\" \
         xmlns:text=\"{NAMES}:text:1.0\" xmlns:style=\"{NAMES}:style:1.0\" \
         xmlns:number=\"{NAMES}:datastyle:1.0\" office:version=\"1.2\">{TRUTH_STYLE}<office:body><office:spreadsheet>\
         <table:table table:name=\"{}\"><table:table-column table:number-columns-repeated=\"{columns}\"/>",
        escaped(sheet)
    );
    ("content.xml", begin)
}

/// Appends a row.
pub(super) fn push_row<'c>(cells: impl IntoIterator<Item = Cell<'c>>, out: &mut String) {
    out.push_str("<table:table-row>");
    let begin = out.len();
    for cell in cells {
        // Writing to memory cannot fail.
        let _ = match cell {
            Cell::Empty => write!(out, "<table:table-cell/>"),
            Cell::Number(number) => {
                write!(out, "<table:table-cell office:value-type=\"float\" office:value=\"{number}\"/>")
            }
            Cell::Boolean(truth) => {
                out.push_str("<table:table-cell table:style-name=\"t\" office:value-type=\"boolean\"");
                write!(out, " office:boolean-value=\"{truth}\"/>")
            }
            Cell::Text(text) => {
                out.push_str("<table:table-cell office:value-type=\"string\">");
                push_text(out, &text);
                write!(out, "</table:table-cell>")
            }
        };
    }
    if out.len() == begin {
        // A row has one cell at least.
        out.push_str("<table:table-cell/>");
    }
    out.push_str("</table:table-row>");
}

/// Appends text, a paragraph a line. Readers make one of several blanks, and none of those at the edges, so those are counted.
/// Lines have one kind of end. What XML does not take has no other way to be written, and becomes U+FFFD.
fn push_text(out: &mut String, text: &str) {
    out.push_str("<text:p>");
    let mut characters = text.chars().peekable();
    let mut begins_a_line = true;
    while let Some(character) = characters.next() {
        let line_begins = std::mem::take(&mut begins_a_line);
        match character {
            '\n' | '\r' => {
                if character == '\r' {
                    characters.next_if_eq(&'\n');
                }
                out.push_str("</text:p><text:p>");
                begins_a_line = true;
            }
            '\t' => out.push_str("<text:tab/>"),
            ' ' => {
                let mut count = 1;
                while characters.next_if_eq(&' ').is_some() {
                    count += 1;
                }
                let line_ends = characters.peek().is_none_or(|next| matches!(next, '\n' | '\r'));
                if count == 1 && !line_begins && !line_ends {
                    out.push(' ');
                } else {
                    let _ = write!(out, "<text:s text:c=\"{count}\"/>");
                }
            }
            character if is_xml(character) => push_character(out, character),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out.push_str("</text:p>");
}
