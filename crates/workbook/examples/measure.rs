//! Makes a large workbook and reads it in a process of its own, as a server would:
//! `cargo run --release -p refract-workbook --example measure -- xlsx 200000` (or `ods`). Prints its size, the time from the
//! start of the process to its last row, and the most memory the process had.
// A command: it prints, and stops at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Out = ZipWriter<BufWriter<File>>;

fn main() {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "read") {
        refract_workbook::run_child(&arguments[1..], std::io::stdout().lock()).expect("stdout takes rows");
        eprintln!("{}", status_line("VmHWM"));
        return;
    }
    let format = arguments.first().map_or("xlsx", |format| format.to_str().expect("a format")).to_owned();
    let rows =
        arguments.get(1).map_or(200_000, |rows| rows.to_str().and_then(|rows| rows.parse().ok()).expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    make(&path, &format, rows);
    let packed = std::fs::metadata(&path).unwrap().len();

    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("read")
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = 0_u64;
    let mut last = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        last = line.unwrap();
        lines += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    let output = child.wait_with_output().unwrap();
    println!("{format}: {} rows, {packed} bytes packed, {seconds:.2} s", lines - 2);
    println!("{}", String::from_utf8_lossy(&output.stderr).trim());
    println!("{last}");
}

fn status_line(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with(name)).unwrap_or("this system does not tell").to_owned()
}

fn make(path: &Path, format: &str, rows: u32) {
    let mut out = ZipWriter::new(BufWriter::new(File::create(path).unwrap()));
    match format {
        "xlsx" => make_xlsx(&mut out, rows),
        "ods" => make_ods(&mut out, rows),
        other => panic!("'{other}' is neither xlsx nor ods"),
    }
    out.finish().unwrap().flush().unwrap();
}

fn part(out: &mut Out, name: &str, text: &str) {
    out.start_file(name, SimpleFileOptions::default()).unwrap();
    out.write_all(text.as_bytes()).unwrap();
}

/// Eight columns: three texts that never repeat, one that does, two numbers, a day, a truth. Texts are shared, as Excel does.
fn make_xlsx(out: &mut Out, rows: u32) {
    let relation =
        |id: &str, kind: &str, target: &str| format!("<Relationship Id='{id}' Type='x/{kind}' Target='{target}'/>");
    let relations = |inner: &str| format!("<Relationships>{inner}</Relationships>");
    part(out, "_rels/.rels", &relations(&relation("a", "officeDocument", "xl/workbook.xml")));
    part(out, "xl/workbook.xml", "<workbook xmlns:r='r'><sheets><sheet name='People' r:id='a'/></sheets></workbook>");
    let inner = relation("a", "worksheet", "sheet.xml")
        + &relation("b", "sharedStrings", "strings.xml")
        + &relation("c", "styles", "styles.xml");
    part(out, "xl/_rels/workbook.xml.rels", &relations(&inner));
    part(out, "xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>");
    out.start_file("xl/strings.xml", SimpleFileOptions::default()).unwrap();
    let mut text = String::from("<sst>");
    for name in ["name", "email", "note", "city", "age", "score", "born", "active"] {
        write!(text, "<si><t>{name}</t></si>").unwrap();
    }
    for city in 0..10 {
        write!(text, "<si><t>City {city}</t></si>").unwrap();
    }
    for row in 0..rows {
        write!(text, "<si><t>Person Number {row}</t></si><si><t>person.{row}@example.org</t></si><si><t>what is known of {row}</t></si>").unwrap();
        flush(out, &mut text);
    }
    text.push_str("</sst>");
    out.write_all(text.as_bytes()).unwrap();
    out.start_file("xl/sheet.xml", SimpleFileOptions::default()).unwrap();
    text.clear();
    text.push_str("<worksheet><sheetData><row r='1'>");
    for column in 0..8_u8 {
        write!(text, "<c r='{}1' t='s'><v>{column}</v></c>", char::from(b'A' + column)).unwrap();
    }
    text.push_str("</row>");
    for row in 0..rows {
        let (at, first) = (row + 2, 18 + row * 3);
        write!(text, "<row r='{at}'>").unwrap();
        for (letter, place) in [('A', first), ('B', first + 1), ('C', first + 2), ('D', 8 + row % 10)] {
            write!(text, "<c r='{letter}{at}' t='s'><v>{place}</v></c>").unwrap();
        }
        let (age, score, born) = (row % 90, f64::from(row) / 7.0, 20_000 + row % 20_000);
        write!(
            text,
            "<c r='E{at}'><v>{age}</v></c><c r='F{at}'><v>{score}</v></c><c r='G{at}' s='1'><v>{born}</v></c>"
        )
        .unwrap();
        write!(text, "<c r='H{at}' t='b'><v>{}</v></c></row>", row % 2).unwrap();
        flush(out, &mut text);
    }
    text.push_str("</sheetData></worksheet>");
    out.write_all(text.as_bytes()).unwrap();
}

/// Six columns: two texts, two numbers, a day, a truth.
fn make_ods(out: &mut Out, rows: u32) {
    part(out, "mimetype", "application/vnd.oasis.opendocument.spreadsheet");
    out.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    let mut text = String::from(
        "<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x'><office:body><office:spreadsheet><table:table table:name='People'><table:table-row>",
    );
    for name in ["name", "email", "age", "score", "born", "active"] {
        write!(text, "<table:table-cell office:value-type='string'><text:p>{name}</text:p></table:table-cell>")
            .unwrap();
    }
    text.push_str("</table:table-row>");
    for row in 0..rows {
        text.push_str("<table:table-row>");
        for value in [format!("Person Number {row}"), format!("person.{row}@example.org")] {
            write!(text, "<table:table-cell office:value-type='string'><text:p>{value}</text:p></table:table-cell>")
                .unwrap();
        }
        for value in [f64::from(row % 90), f64::from(row) / 7.0] {
            write!(text, "<table:table-cell office:value-type='float' office:value='{value}'><text:p>{value:.2}</text:p></table:table-cell>").unwrap();
        }
        let (year, day, active) = (1950 + row % 60, 1 + row % 28, row % 2 == 0);
        write!(text, "<table:table-cell office:value-type='date' office:date-value='{year}-03-{day:02}'><text:p>{day}.03.</text:p></table:table-cell>").unwrap();
        write!(text, "<table:table-cell office:value-type='boolean' office:boolean-value='{active}'><text:p>x</text:p></table:table-cell></table:table-row>").unwrap();
        flush(out, &mut text);
    }
    text.push_str("</table:table></office:spreadsheet></office:body></office:document-content>");
    out.write_all(text.as_bytes()).unwrap();
}

fn flush(out: &mut Out, text: &mut String) {
    if text.len() > 1 << 16 {
        out.write_all(text.as_bytes()).unwrap();
        text.clear();
    }
}
