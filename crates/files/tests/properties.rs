//! What holds for all files: cuts do not matter, what is written is read back, and limits are kept.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use refract_files::fuzz::{Outcome, in_pieces, read};
use refract_files::{
    FileCode, FormulaGuard, HEAD_BYTES_MAX, ReadSettings, TableReader, TextFormat, byte_order_mark, encode,
    write_delimited_row,
};

/// Text made of what matters to a reader of tables, and of characters of one to four bytes.
fn awkward_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        3 => Just(","), 2 => Just(";"), 1 => Just("\t"), 1 => Just("|"),
        3 => Just("\n"), 1 => Just("\r"), 2 => Just("\r\n"),
        3 => Just("\""), 1 => Just("\"\""), 1 => Just("'"), 2 => Just(" "),
        4 => Just("a"), 2 => Just("12"), 1 => Just("1,5"), 2 => Just("é"), 1 => Just("€"), 1 => Just("😀"),
        1 => Just("\\"), 1 => Just("\u{1}"), 1 => Just("sep=;\n"), 1 => Just("a longer run of plain text"),
        1 => Just("Title\nName,Mail,Size\nAda,a@b.c,3\n"),
    ];
    prop::collection::vec(parts, 0..60).prop_map(|parts| parts.concat())
}

/// One cell, as people and machines fill it.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,8}",
        1 => Just(String::new()),
        1 => " ?[a-zé€]{0,4} ?",
        2 => awkward_text().prop_map(|text| text.chars().take(12).collect()),
        1 => Just("sep=,".to_owned()),
        1 => Just("\u{feff}x".to_owned()),
    ]
}

fn is_blank(row: &[String]) -> bool {
    row.iter().all(|cell| cell.chars().all(|shown| matches!(shown, ' ' | '\t' | '\r' | '\n' | '\u{a0}')))
}

fn rows_of(outcome: &Outcome) -> Vec<Vec<String>> {
    outcome.rows.iter().map(|row| serde_json::from_slice(row).unwrap()).collect()
}

fn told(delimiter: u8, quote: u8) -> ReadSettings {
    ReadSettings {
        delimiter: Some(delimiter),
        quote: Some(Some(quote)),
        header: Some(false),
        ..ReadSettings::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn pieces_do_not_matter(text in awkward_text()) {
        read(text.as_bytes());
    }

    #[test]
    fn nor_do_they_in_other_encodings_and_in_noise(
        text in awkward_text(),
        label in prop_oneof![Just("utf-16le"), Just("utf-16be"), Just("windows-1252"), Just("shift_jis"), Just("gb18030")],
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = Vec::new();
        encode(&text, label, &mut bytes);
        read(&bytes);
        for (index, byte) in noise {
            if !bytes.is_empty() {
                let at = index.index(bytes.len());
                bytes[at] = byte;
            }
        }
        read(&bytes);
    }

    #[test]
    fn what_is_written_is_read_back(
        rows in prop::collection::vec(prop::collection::vec(cell(), 1..5), 0..8),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
        quote in prop_oneof![Just(b'"'), Just(b'\'')],
        label in prop_oneof![Just("utf-8"), Just("utf-16le"), Just("utf-16be"), Just("gb18030")],
        piece in 1..40_usize,
        // Held back whole, or read as it comes: then a short first row shows the facts.
        head in prop_oneof![Just(HEAD_BYTES_MAX), 24..40_usize],
    ) {
        let mut rows: Vec<Vec<String>> = rows.into_iter().filter(|row| !is_blank(row)).collect();
        if head < HEAD_BYTES_MAX {
            rows.insert(0, vec!["a".to_owned(), "b".to_owned()]);
        }
        let mut text = Vec::new();
        for row in &rows {
            let cells = row.iter().map(String::as_str);
            write_delimited_row(cells, Some(delimiter), Some(quote), FormulaGuard::Off, &mut text);
        }
        let mut bytes = byte_order_mark(label).to_vec();
        prop_assert_eq!(encode(std::str::from_utf8(&text).unwrap(), label, &mut bytes), 0);
        let settings = ReadSettings { encoding: Some(label.to_owned()), ..told(delimiter, quote) };
        let outcome = in_pieces(TextFormat::Delimited, &settings, &bytes, head, |_| piece);
        prop_assert_eq!(rows_of(&outcome), rows.clone());
        prop_assert_eq!(outcome.fault.map(|fault| fault.code), rows.is_empty().then_some(FileCode::EmptyFile));
    }

    #[test]
    fn rows_of_one_width_are_recognised_without_being_told(
        rows in prop::collection::vec(prop::collection::vec("[a-zé]{1,6}( [a-z]{1,6})?", 3), 2..12),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
    ) {
        let mut text = Vec::new();
        for row in &rows {
            let cells = row.iter().map(String::as_str);
            write_delimited_row(cells, Some(delimiter), Some(b'"'), FormulaGuard::Off, &mut text);
        }
        let outcome = in_pieces(TextFormat::Delimited, &ReadSettings::default(), &text, HEAD_BYTES_MAX, |_| usize::MAX);
        prop_assert_eq!(&rows_of(&outcome)[..], &rows[1..]);
        let dialect = outcome.facts.and_then(|facts| facts.dialect).unwrap();
        prop_assert_eq!(dialect.delimiter.value, Some(delimiter));
    }
}

#[test]
fn seeded_mutations_of_the_corpus_break_no_promise() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let mut seed: u64 = 5;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    let mut paths: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.is_empty() || bytes.len() > 2_000 {
            continue;
        }
        for _ in 0..20 {
            let mut mutated = bytes.clone();
            match next() % 4 {
                0 => mutated.truncate(next() % bytes.len()),
                1 => drop(mutated.drain(..next() % bytes.len())),
                2 => mutated.insert(next() % bytes.len(), b"\",;\n\r\t'\0\xff "[next() % 10]),
                _ => mutated[next() % bytes.len()] = next() as u8,
            }
            read(&mutated);
        }
    }
}

/// Pushes a beginning and then the same piece again and again, `pieces` times at most.
fn endless(beginning: &[u8], piece: &[u8], pieces: usize, settings: ReadSettings) -> refract_files::FileError {
    let bound = HEAD_BYTES_MAX.max(settings.row_bytes_max);
    let mut reader = TableReader::new(TextFormat::Delimited, settings).unwrap();
    reader.push(beginning, &mut |_: &[u8]| ()).unwrap();
    for _ in 0..pieces {
        if let Err(fault) = reader.push(piece, &mut |_: &[u8]| ()) {
            return fault;
        }
        assert!(reader.held_bytes() <= bound);
    }
    panic!("{pieces} pieces were taken without a fault");
}

#[test]
fn a_quote_never_closed_is_named_long_before_the_end() {
    let lines = b"plain,line,of,text\n".repeat(1_000);
    for (beginning, line) in [("a,b\n1,2\n\"3,4\n", 3), ("a,\"b\n", 1)] {
        let fault = endless(beginning.as_bytes(), &lines, 4_000, ReadSettings::default());
        assert_eq!((fault.code, fault.line), (FileCode::InvalidCsv, Some(line)), "{fault}");
    }
    // The same behind the beginning.
    let mut beginning = b"a,b\n".to_vec();
    beginning.extend(b"1,2\n".repeat(100_000));
    beginning.extend(b"3,\"4\n");
    let fault = endless(&beginning, &lines, 4_000, ReadSettings::default());
    assert_eq!((fault.code, fault.line), (FileCode::InvalidCsv, Some(100_002)), "{fault}");
}

#[test]
fn one_cell_without_end_is_refused() {
    let text = vec![b'x'; 64 * 1024];
    for beginning in ["a,b\n1,", "a,b\n1,\"", "", "\""] {
        let fault = endless(beginning.as_bytes(), &text, 960, ReadSettings::default());
        let line = 1 + beginning.matches('\n').count() as u64;
        assert_eq!((fault.code, fault.line), (FileCode::RowTooLarge, Some(line)), "{beginning:?}: {fault}");
    }
}

#[test]
fn utf8_that_breaks_behind_the_beginning_stays_utf8() {
    for ascii_only in [true, false] {
        let mut bytes = if ascii_only { b"name,city\n".to_vec() } else { "naïve,city\n".as_bytes().to_vec() };
        bytes.extend(b"Ada,London\n".repeat(30_000));
        bytes.extend(b"Andr\xe9,Paris\nBob,Rome\n");
        let outcome = in_pieces(TextFormat::Delimited, &ReadSettings::default(), &bytes, HEAD_BYTES_MAX, |_| 10_000);
        let fault = outcome.fault.unwrap();
        assert_eq!((fault.code, fault.line), (FileCode::UnsupportedCharset, Some(30_002)), "{fault}");
        assert_eq!((outcome.rows.len(), outcome.facts.unwrap().encoding.value), (30_000, "UTF-8"));
    }
}

#[test]
fn a_character_parted_by_the_end_of_the_beginning_is_no_fault() {
    for shift in 0..4 {
        let mut text = "x".repeat(shift) + "é,b\n";
        while text.len() < 2 * HEAD_BYTES_MAX {
            text += "日本,€\n";
        }
        let outcome =
            in_pieces(TextFormat::Delimited, &ReadSettings::default(), text.as_bytes(), HEAD_BYTES_MAX, |_| 65_536);
        assert_eq!(outcome.fault, None);
        assert_eq!(outcome.rows.len() + 1, text.lines().count());
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let settings = [told(b'"', b'"'), told(b'\n', b'"'), told(0xe9, b'"'), told(b',', 0)];
    for settings in settings {
        let refused = TableReader::new(TextFormat::Delimited, settings.clone()).map(|_| ()).unwrap_err();
        assert_eq!(refused.code, FileCode::InvalidSettings, "{settings:?}");
    }
}

#[test]
fn text_that_an_encoding_lacks_is_counted() {
    let mut bytes = Vec::new();
    assert_eq!(encode("é→ё€", "windows-1252", &mut bytes), 2);
    assert_eq!(bytes, b"\xe9??\x80");
}
