//! What a file is, by its content: its name says nothing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::container::Container;
use crate::error::{Code, WorkbookError};
use crate::xlsx;

/// A workbook that can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// XLSX, with the name of the part that lists its sheets.
    Xlsx { workbook: String },
    /// ODS.
    Ods,
}

const ODS_TYPES: [&str; 2] =
    ["application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet-template"];

/// Makes sure that the file is a ZIP archive, and names what else it is where that is known.
pub(crate) fn require_archive(file: &mut File) -> Result<(), WorkbookError> {
    let unreadable =
        |failure: std::io::Error| WorkbookError::new(Code::Unavailable, format!("the file cannot be read: {failure}"));
    let mut begin = Vec::with_capacity(8);
    file.by_ref().take(8).read_to_end(&mut begin).map_err(unreadable)?;
    if begin.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        // Excel keeps an encrypted XLSX in the container of its old format.
        return Err(if names_encrypted_package(file).map_err(unreadable)? {
            encrypted()
        } else {
            unsupported("an old Excel workbook (.xls)")
        });
    }
    if begin.is_empty() {
        return Err(WorkbookError::invalid("the file is empty"));
    }
    if !begin.starts_with(b"PK\x03\x04") && !begin.starts_with(b"PK\x05\x06") {
        let what = if begin.starts_with(b"%PDF") { "a PDF" } else { "not a workbook" };
        return Err(unsupported(what));
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    Ok(())
}

/// What an archive holds.
pub(crate) fn of_archive(container: &mut Container) -> Result<Kind, WorkbookError> {
    if let Some(media_type) = container.part("mimetype")? {
        let mut text = String::new();
        // A sound one is short; a longer one is none of those known.
        let read = media_type.take(200).read_to_string(&mut text);
        read.map_err(|failure| WorkbookError::of_read("mimetype", &failure))?;
        return match text.trim() {
            known if ODS_TYPES.contains(&known) => Ok(Kind::Ods),
            _ => Err(unsupported("another kind of document")),
        };
    }
    if let Some(workbook) = xlsx::main_part(container)? {
        let name = workbook.to_lowercase();
        if name.ends_with(".bin") {
            return Err(unsupported("a binary Excel workbook (.xlsb)"));
        }
        if name.starts_with("word/") || name.starts_with("ppt/") {
            return Err(unsupported("another kind of document"));
        }
        return Ok(Kind::Xlsx { workbook });
    }
    if container.names().any(|name| name == "encryptedpackage" || name == "encrypted-package") {
        return Err(encrypted());
    }
    Err(WorkbookError::invalid("the file is a ZIP archive without a workbook; send the workbook itself"))
}

/// A workbook that nobody can read without its password.
pub(crate) fn encrypted() -> WorkbookError {
    WorkbookError::invalid("the workbook is encrypted; save it without a password")
}

fn unsupported(what: &str) -> WorkbookError {
    let message = format!("the file is {what}; save it as XLSX, ODS or CSV");
    WorkbookError::new(Code::UnsupportedMediaType, message)
}

/// Whether the directory of the old container lists an `EncryptedPackage`. The directory may lie anywhere, so the whole file
/// is searched, a piece at a time.
fn names_encrypted_package(file: &mut File) -> std::io::Result<bool> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut window = vec![0; 256 * 1024];
    let mut kept = 0;
    loop {
        let count = file.read(&mut window[kept..])?;
        let filled = kept + count;
        if memchr::memmem::find(&window[..filled], &name).is_some() {
            return Ok(true);
        }
        if count == 0 {
            return Ok(false);
        }
        // What could be the beginning of the name stays for the next look.
        let tail = filled.min(name.len() - 1);
        window.copy_within(filled - tail..filled, 0);
        kept = tail;
    }
}
