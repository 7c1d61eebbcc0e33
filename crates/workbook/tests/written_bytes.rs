//! The archive of a workbook that was written, byte for byte: programs differ in what they forgive.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use refract_workbook::{Cell, Format, WorkbookWriter};

struct Part<'b> {
    name: &'b str,
    flags: u16,
    method: u16,
    sum: u32,
    packed_size: u32,
    size: u32,
    extra_bytes: u16,
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The part that `bytes` begin with, as its own header has it, and where its bytes begin.
fn part(bytes: &[u8]) -> (Part<'_>, usize) {
    assert!(bytes.starts_with(b"PK\x03\x04"), "a part begins here");
    let name_bytes = usize::from(u16_at(bytes, 26));
    let part = Part {
        name: std::str::from_utf8(&bytes[30..30 + name_bytes]).unwrap(),
        flags: u16_at(bytes, 6),
        method: u16_at(bytes, 8),
        sum: u32_at(bytes, 14),
        packed_size: u32_at(bytes, 18),
        size: u32_at(bytes, 22),
        extra_bytes: u16_at(bytes, 28),
    };
    (part, 30 + name_bytes)
}

fn workbook(format: Format) -> Vec<u8> {
    let mut writer = WorkbookWriter::begin(format, "People", 2, Vec::new()).unwrap();
    for number in 0..2_000 {
        let number = number.to_string();
        writer.row([Cell::Text("somebody".into()), Cell::Number(&number)]).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn only_the_sheet_has_its_size_behind_it() {
    for (format, sheet) in [(Format::Xlsx, "xl/worksheets/sheet1.xml"), (Format::Ods, "content.xml")] {
        let file = workbook(format);
        let mut rest = &file[..];
        let mut names = Vec::new();
        loop {
            let (part, begin) = part(rest);
            names.push(part.name.to_owned());
            assert_eq!(part.extra_bytes, 0, "{}", part.name);
            if part.name == sheet {
                assert_eq!((part.flags, part.method, part.sum, part.packed_size, part.size), (8, 8, 0, 0, 0));
                break;
            }
            // Readers of OpenDocument look for the type of the file at a fixed place, and LibreOffice from 24.8 on refuses
            // what is stored with its size behind it.
            assert_eq!((part.flags, part.method, part.packed_size), (0, 0, part.size), "{}", part.name);
            let end = begin + part.size as usize;
            let mut sum = flate2::Crc::new();
            sum.update(&rest[begin..end]);
            assert_eq!(sum.sum(), part.sum, "{}", part.name);
            rest = &rest[end..];
        }
        if format == Format::Ods {
            assert_eq!(&file[30..84], b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet");
        } else {
            assert_eq!(names[0], "[Content_Types].xml");
        }
        // The directory says the same of all of them, and is what other readers go by.
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&file)).unwrap();
        assert_eq!(archive.len(), names.len());
        for (place, name) in names.iter().enumerate() {
            let mut part = archive.by_index(place).unwrap();
            assert_eq!(part.name().unwrap(), name.as_str());
            let unpacked = std::io::copy(&mut part, &mut std::io::sink()).expect("the checksum is right");
            assert_eq!(unpacked, part.size());
        }
    }
}
