//! Archives for tests: sound ones, and what can be done to their bytes afterwards.

use std::io::{Cursor, Read, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An archive in memory.
pub(crate) struct Archive {
    pub(crate) bytes: Vec<u8>,
}

/// The parts of an XLSX workbook whose one sheet has these rows. The sheet is the fourth, the relationships are the third.
pub(crate) fn xlsx_parts(rows: &str) -> Vec<(&'static str, Vec<u8>)> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationships><Relationship Id=\"{id}\" Type=\"x/{kind}\" Target=\"{target}\"/></Relationships>")
            .into_bytes()
    };
    let workbook = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"a\" r:id=\"rId1\"/></sheets></workbook>";
    vec![
        ("_rels/.rels", relation("r", "officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", workbook.as_bytes().to_vec()),
        ("xl/_rels/workbook.xml.rels", relation("rId1", "worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>").into_bytes()),
    ]
}

/// The parts of an archive.
pub(crate) fn unpacked(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let part = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    };
    (0..count).map(part).collect()
}

impl Archive {
    /// An archive with these parts.
    pub(crate) fn of(parts: &[(&str, impl AsRef<[u8]>)]) -> Self {
        Self::made(|writer| {
            for (name, content) in parts {
                writer.start_file(*name, SimpleFileOptions::default()).unwrap();
                writer.write_all(content.as_ref()).unwrap();
            }
        })
    }

    /// The same with the content of one part in many pieces.
    pub(crate) fn with_bomb<'a>(parts: &[(&str, Vec<u8>)], bomb: &str, pieces: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut pieces = Some(pieces);
        Self::made(|writer| {
            for (name, content) in parts {
                writer.start_file(*name, SimpleFileOptions::default()).unwrap();
                if *name == bomb {
                    pieces.take().unwrap().for_each(|piece| writer.write_all(piece).unwrap());
                } else {
                    writer.write_all(content).unwrap();
                }
            }
        })
    }

    /// The same with a symbolic link.
    pub(crate) fn with_link(parts: &[(&str, Vec<u8>)], name: &str, target: &str) -> Self {
        Self::made(|writer| {
            for (name, content) in parts {
                writer.start_file(*name, SimpleFileOptions::default()).unwrap();
                writer.write_all(content).unwrap();
            }
            writer.add_symlink(name, target, SimpleFileOptions::default()).unwrap();
        })
    }

    fn made(write: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Self {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        write(&mut writer);
        Self { bytes: writer.finish().unwrap().into_inner() }
    }

    /// Says another unpacked size, in both places.
    pub(crate) fn declare(&mut self, name: &str, size: u32) {
        self.set(name, 22, 24, &size.to_le_bytes());
    }

    /// Says another check sum.
    pub(crate) fn set_crc(&mut self, name: &str, crc: u32) {
        self.set(name, 14, 16, &crc.to_le_bytes());
    }

    /// Says that the part is encrypted.
    pub(crate) fn set_encrypted(&mut self, name: &str) {
        self.set(name, 6, 8, &1_u16.to_le_bytes());
    }

    /// Gives another name of the same length.
    pub(crate) fn rename(&mut self, name: &str, other: &str) {
        assert_eq!(name.len(), other.len());
        self.set(name, 30, 46, other.as_bytes());
    }

    /// Lets an entry of the directory point to the content of another.
    pub(crate) fn point_to(&mut self, name: &str, other: &str) {
        let (_, central) = self.headers(name);
        let (_, other) = self.headers(other);
        let place: Vec<u8> = self.bytes[other + 42..other + 46].to_vec();
        self.bytes[central + 42..central + 46].copy_from_slice(&place);
    }

    fn set(&mut self, name: &str, in_local: usize, in_central: usize, value: &[u8]) {
        let (local, central) = self.headers(name);
        self.bytes[local + in_local..][..value.len()].copy_from_slice(value);
        self.bytes[central + in_central..][..value.len()].copy_from_slice(value);
    }

    /// Where the local and the central header of a part begin.
    fn headers(&self, name: &str) -> (usize, usize) {
        let find = |magic: &[u8], name_at: usize| {
            let starts = |place: &usize| {
                self.bytes[*place..].starts_with(magic) && self.bytes[place + name_at..].starts_with(name.as_bytes())
            };
            (0..self.bytes.len() - name_at).find(starts).expect("the part is there")
        };
        (find(b"PK\x03\x04", 30), find(b"PK\x01\x02", 46))
    }
}
