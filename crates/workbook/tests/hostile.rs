//! Files that were made to hurt: each is refused with the right code before it costs much.
// A test that draws prints its seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod archive;

use std::io::Write;
use std::path::Path;

use archive::{Archive, xlsx_parts};
use refract_workbook::{Code, Head, Settings, Sink, WorkbookError, WorkbookFacts, read_workbook};

struct Counted(u64);

impl Sink for Counted {
    fn head(&mut self, _: &Head) -> std::io::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &str) -> std::io::Result<()> {
        self.0 += 1;
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<WorkbookFacts, WorkbookError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    read_workbook(file.path(), &Settings::default(), &mut Counted(0))
}

#[track_caller]
fn assert_refused(bytes: &[u8], code: Code, words: &str) {
    let error = read(bytes).expect_err(words);
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(words), "{error}");
}

fn sound() -> Archive {
    Archive::of(&xlsx_parts("<row><c t=\"str\"><v>a</v></c></row><row><c><v>1</v></c></row>"))
}

#[test]
fn the_archive_that_the_others_are_made_of_is_sound() {
    let facts = read(&sound().bytes).unwrap();
    assert_eq!((facts.head.columns, facts.rows), (vec!["a".to_owned()], 1));
}

#[test]
fn what_is_no_workbook_is_told_by_its_content() {
    assert_refused(b"%PDF-1.7\n...", Code::UnsupportedMediaType, "a PDF");
    assert_refused(b"a,b\n1,2\n", Code::UnsupportedMediaType, "not a workbook");
    assert_refused(b"", Code::InvalidFile, "empty");
    let mut old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    old.resize(300_000, 0);
    assert_refused(&old, Code::UnsupportedMediaType, ".xls");
    let named: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    // Across the border of two looks.
    old.splice(262_130..262_130 + named.len(), named);
    assert_refused(&old, Code::InvalidFile, "encrypted");
    let relation = |target: &str| {
        let text =
            format!("<Relationships><Relationship Id='a' Type='x/officeDocument' Target='{target}'/></Relationships>");
        Archive::of(&[("_rels/.rels", text.as_bytes())]).bytes
    };
    assert_refused(&relation("xl/workbook.bin"), Code::UnsupportedMediaType, ".xlsb");
    assert_refused(&relation("word/document.xml"), Code::UnsupportedMediaType, "another kind");
    let text = Archive::of(&[("mimetype", b"application/vnd.oasis.opendocument.text".as_slice())]);
    assert_refused(&text.bytes, Code::UnsupportedMediaType, "another kind");
    let nested = Archive::of(&[("0.zip", sound().bytes.as_slice()), ("1.zip", b"PK")]);
    assert_refused(&nested.bytes, Code::InvalidFile, "without a workbook");
    assert_refused(&sound().bytes[..400], Code::InvalidFile, "damaged ZIP");
    assert_refused(b"PK\x05\x06", Code::InvalidFile, "damaged ZIP");
}

#[test]
fn a_sheet_of_512_mib_in_half_a_megabyte_is_refused() {
    let blank = vec![b' '; 1 << 20];
    let pieces = std::iter::repeat_n(blank.as_slice(), 512);
    let mut bomb = Archive::with_bomb(&xlsx_parts(""), "xl/worksheets/sheet1.xml", pieces);
    assert!(bomb.bytes.len() < 1 << 20);
    assert_refused(&bomb.bytes, Code::PayloadTooLarge, "unpacks to more");
    // A size that lies gets as far as it says, and no further.
    bomb.declare("xl/worksheets/sheet1.xml", 1_000);
    let error = read(&bomb.bytes).unwrap_err();
    assert_eq!(error.code, Code::InvalidFile, "{error}");
}

#[test]
fn sizes_and_sums_that_lie_are_refused() {
    let sheet = "xl/worksheets/sheet1.xml";
    let size =
        u32::try_from(xlsx_parts("<row><c t=\"str\"><v>a</v></c></row><row><c><v>1</v></c></row>")[3].1.len()).unwrap();
    for declared in [0, 10, size - 1, size + 1, 100_000] {
        let mut archive = sound();
        archive.declare(sheet, declared);
        let error = read(&archive.bytes).expect_err("a lie");
        assert_eq!(error.code, Code::InvalidFile, "{declared}: {error}");
    }
    let mut archive = sound();
    archive.declare(sheet, size);
    read(&archive.bytes).expect("the truth");
    archive.set_crc(sheet, 12_345);
    assert_refused(&archive.bytes, Code::InvalidFile, sheet);
    let mut archive = sound();
    archive.set_encrypted(sheet);
    assert_refused(&archive.bytes, Code::InvalidFile, sheet);
}

#[test]
fn entries_that_overlap_or_share_a_name_are_refused() {
    let mut archive = sound();
    archive.point_to("xl/workbook.xml", "xl/worksheets/sheet1.xml");
    assert_refused(&archive.bytes, Code::InvalidFile, "overlap");
    let mut parts = xlsx_parts("");
    parts.push(("xl/workbooc.xml", Vec::new()));
    let mut archive = Archive::of(&parts);
    archive.rename("xl/workbooc.xml", "xl/workbook.xml");
    let error = read(&archive.bytes).unwrap_err();
    assert_eq!(error.code, Code::InvalidFile, "{error}");
    let mut archive = Archive::of(&parts);
    archive.rename("xl/workbooc.xml", "XL/workbook.xml");
    assert_refused(&archive.bytes, Code::InvalidFile, "one name");
}

#[test]
fn names_that_lead_out_and_too_many_of_them_are_refused() {
    for name in ["../../x", "xl/../../x", "/etc/passwd", "C:\\x", "..\\x"] {
        let mut parts = xlsx_parts("");
        parts.push((name, Vec::new()));
        assert_refused(&Archive::of(&parts).bytes, Code::InvalidFile, "leads out");
    }
    assert_refused(
        &Archive::with_link(&xlsx_parts(""), "xl/link", "/etc/passwd").bytes,
        Code::InvalidFile,
        "leads out",
    );
    let names: Vec<String> = (0..100_000).map(|number| format!("x{number}")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_refused(&Archive::of(&parts).bytes, Code::InvalidFile, "100000 parts");
}

#[test]
fn xml_that_was_made_to_grow_is_refused() {
    let with = |sheet: &str| Archive::of(&xlsx_parts(sheet)).bytes;
    let mut parts = xlsx_parts("");
    parts[3].1 = b"<!DOCTYPE a [<!ENTITY b \"bbbb\">]><worksheet><sheetData/></worksheet>".to_vec();
    assert_refused(&Archive::of(&parts).bytes, Code::InvalidFile, "document type");
    assert_refused(&with(&"<a>".repeat(10_000)), Code::InvalidFile, "nests more");
    let long = "x".repeat(3 << 20);
    assert_refused(&with(&format!("<row><c t=\"str\"><v>{long}</v></c></row>")), Code::RowTooLarge, "bytes");
    let drops = "<![CDATA[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]]>".repeat(40_000);
    assert_refused(
        &with(&format!("<row><c t=\"inlineStr\"><is><t>{drops}</t></is></c></row>")),
        Code::RowTooLarge,
        "bytes",
    );
    assert_refused(&with(&format!("<row><c t=\"str\"><v>{drops}</v></c></row>")), Code::RowTooLarge, "bytes");
    for row in [
        "<row r=\"0\"/>",
        "<row r=\"2000000\"/>",
        "<row r=\"5\"/><row r=\"5\"/>",
        "<row><c r=\"5\"/></row>",
        "<row><c t=\"s\"><v>0</v></c></row>",
        "<row><c><v>x</v></c></row>",
    ] {
        assert_refused(&with(row), Code::InvalidFile, "sound");
    }
}

#[test]
fn a_forged_number_of_shared_texts_is_refused() {
    let shared = |count: &str| {
        let mut parts = xlsx_parts("<row><c t=\"s\"><v>0</v></c></row>");
        let relation =
            "<Relationship Id=\"rId2\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";
        let relations = String::from_utf8(parts[2].1.clone()).unwrap().replace("</Relationships>", relation);
        parts[2].1 = relations.into_bytes();
        parts.push((
            "xl/sharedStrings.xml",
            format!("<sst uniqueCount=\"{count}\"><si><t>a</t></si></sst>").into_bytes(),
        ));
        Archive::of(&parts).bytes
    };
    assert_eq!(read(&shared("1")).unwrap().head.columns, ["a"]);
    assert_refused(&shared("4294967295"), Code::InvalidFile, "claims 4294967295 texts");
}

#[test]
fn repeated_blanks_and_cells_of_an_ods_stay_counts() {
    let ods = |cells: &str| {
        let content = format!(
            "<document-content><body><spreadsheet><table name='a'><table-row>{cells}</table-row></table></spreadsheet></body></document-content>"
        );
        let kind = b"application/vnd.oasis.opendocument.spreadsheet".to_vec();
        Archive::of(&[("mimetype", kind), ("content.xml", content.into_bytes())]).bytes
    };
    assert_eq!(read(&ods("<table-cell><p>b</p></table-cell>")).unwrap().head.columns, ["b"]);
    assert_refused(&ods("<table-cell><p>a<s c='4294967295'/>b</p></table-cell>"), Code::RowTooLarge, "bytes");
    assert_refused(
        &ods("<table-cell number-columns-repeated='18446744073709551615'><p>b</p></table-cell>"),
        Code::TooManyColumns,
        "column",
    );
    assert_refused(&ods("<table-cell number-columns-repeated='0'/>"), Code::InvalidFile, "repetition");
    let empty = "<table-cell number-columns-repeated='18446744073709551615'/>".repeat(3);
    assert_eq!(read(&ods(&empty)).unwrap().rows, 0);
    let far = "</table-row><table-row number-rows-repeated='18446744073709551615'/><table-row><table-cell><p>b</p></table-cell>";
    assert_refused(
        &ods(&format!("<table-cell><p>a</p></table-cell>{far}")),
        Code::InvalidFile,
        "more rows than can be counted",
    );
    let long = "x".repeat(1_100);
    let wide = format!("<table-cell number-columns-repeated='1000'><p>{long}</p></table-cell>");
    assert_refused(&ods(&wide), Code::RowTooLarge, "bytes");
}

#[test]
fn a_file_that_is_not_there_is_no_fault_of_a_workbook() {
    let error = read_workbook(Path::new("/nowhere/a.xlsx"), &Settings::default(), &mut Counted(0)).unwrap_err();
    assert_eq!(error.code, Code::Unavailable);
}

/// Bytes of the parts of sound workbooks are changed, dropped and doubled: each is read or refused, nothing panics.
#[test]
fn mutated_workbooks_are_read_or_refused() {
    let seed: u64 = std::env::var("REFRACT_WORKBOOK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(29);
    let rounds: usize =
        std::env::var("REFRACT_WORKBOOK_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    println!("REFRACT_WORKBOOK_SEED={seed} REFRACT_WORKBOOK_MUTATIONS={rounds}");
    let mut draw = Draw(seed);
    let (mut sound, mut refused) = (0, 0);
    for name in [
        "people.xlsx",
        "formats.xlsx",
        "shared.xlsx",
        "inline.xlsx",
        "people.ods",
        "texts.ods",
        "repeated.ods",
        "hidden_first.ods",
    ] {
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap();
        let parts = archive::unpacked(&bytes);
        for _ in 0..rounds {
            let mut changed: Vec<(&str, Vec<u8>)> =
                parts.iter().map(|(name, content)| (name.as_str(), content.clone())).collect();
            for _ in 0..=draw.below(3) {
                let part = draw.below(changed.len());
                draw.mutate(&mut changed[part].1);
            }
            match read(&Archive::of(&changed).bytes) {
                Ok(_) => sound += 1,
                Err(error) => {
                    assert_ne!(error.code, Code::Unavailable, "{error}");
                    refused += 1;
                }
            }
        }
    }
    println!("{sound} were read, {refused} refused");
    assert!(sound > 0 && refused > 0);
}

/// A small source of numbers (SplitMix64): the same seed gives the same.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % limit
    }

    fn mutate(&mut self, content: &mut Vec<u8>) {
        const WORDS: [&[u8]; 12] = [
            b"<",
            b">",
            b"/>",
            b"&",
            b"\"",
            b"\xFF",
            b"-1",
            b"99999999999999999999",
            b"1e308",
            b"NaN",
            b"<t>",
            b"PT9999999999999H",
        ];
        if content.is_empty() {
            return;
        }
        let begin = self.below(content.len());
        let end = (begin + self.below(24)).min(content.len());
        match self.below(4) {
            0 => content[begin] = u8::try_from(self.below(256)).unwrap(),
            1 => drop(content.drain(begin..end)),
            2 => {
                let copied = content[begin..end].to_vec();
                content.splice(begin..begin, copied);
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                content.splice(begin..end, word.iter().copied());
            }
        }
    }
}
