//! One data set, written in every way that is read.

use std::io::Write as _;

use serde_json::{Value, json};

/// The workbooks of the data set; make_workbooks.py makes them.
pub(super) const XLSX: &[u8] = include_bytes!("contacts.xlsx");
pub(super) const ODS: &[u8] = include_bytes!("contacts.ods");

const HEADER: [&str; 4] = ["E-Mail", "Name", "Telefon", "Notiz"];
const ROWS: [[&str; 4]; 3] = [
    ["zoe@example.org", "Zoë Müller", "+49 30 1234", "mag Äpfel; und \"Birnen\""],
    ["soren@example.org", "Søren Ñandú", "", "zwei\nZeilen"],
    ["ada@example.org", "Ada Lovelace", "007", "100 €"],
];

/// The values that the records must have, in the order of the rows.
pub(super) fn expected() -> Vec<Value> {
    let record = |[email, name, phone, note]: [&str; 4]| {
        let mut values = json!({"email": email, "full_name": name, "description": note});
        if !phone.is_empty() {
            values["phone"] = phone.into();
        }
        values
    };
    ROWS.map(record).to_vec()
}

/// The data set as text with this between cells.
pub(super) fn delimited(delimiter: &str) -> String {
    let cell = |text: &str| {
        let plain = !text.contains(['"', '\n', ';', ',', '\t']);
        if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    let line = |cells: [&str; 4]| format!("{}\r\n", cells.map(cell).join(delimiter));
    std::iter::once(HEADER).chain(ROWS).map(line).collect()
}

/// As JSON lines, name to value.
pub(super) fn flat_lines() -> String {
    let line = |cells: [&str; 4]| {
        let members: serde_json::Map<String, Value> =
            HEADER.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), Value::from(cell))).collect();
        format!("{}\n", Value::Object(members))
    };
    ROWS.map(line).concat()
}

/// As JSON lines, each a row of the API.
pub(super) fn whole_lines() -> String {
    expected().iter().map(|values| format!("{}\n", json!({ "default": values }))).collect()
}

/// The text in Windows-1252, where it has one byte a character.
pub(super) fn windows_1252(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| if character == '€' { 0x80 } else { u8::try_from(u32::from(character)).unwrap() })
        .collect()
}

/// The text in UTF-16, little or big end first, with a byte order mark or without.
pub(super) fn utf_16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// Packed by gzip.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A part of a form: name, file name and type if it is a file, content.
pub(super) type Part<'p> = (&'p str, Option<(&'p str, &'p str)>, &'p [u8]);

/// A form of these parts.
pub(super) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        body.extend_from_slice(format!("--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes());
        if let Some((file_name, content_type)) = file {
            body.extend_from_slice(format!("; filename=\"{file_name}\"\r\nContent-Type: {content_type}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--BOUNDARY--\r\n");
    body
}

/// The type of such a form.
pub(super) const FORM: &str = "multipart/form-data; boundary=BOUNDARY";
