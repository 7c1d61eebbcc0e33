//! Rows of a workbook that failed come back as a workbook of its kind: the same sheet, cells of the same kinds, and what is
//! wrong with each row behind it.

use std::borrow::Cow;
use std::io::Write as _;

use refract_workbook::{Cell, Format, Head, Settings, Sink, WorkbookWriter, read_workbook};
use serde_json::{Value, json};

use super::given_back::{failed_as, job_of};
use super::support::server::Launch;

const FORMATS: [(Format, &str); 2] = [
    (Format::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (Format::Ods, "application/vnd.oasis.opendocument.spreadsheet"),
];

/// Titles and values that do not depend on anything else, and every kind of cell.
const IMPORT: &str = "deal/import?sheet=Leads&mapping=%7B%22Betrag%22%3A%22value%22%2C%22Notiz%22%3Anull%7D";

fn workbook(format: Format, rows: &[Vec<Value>]) -> Vec<u8> {
    let mut writer = WorkbookWriter::begin(format, "Leads", rows[0].len(), Vec::new()).unwrap();
    for row in rows {
        let texts: Vec<String> = row.iter().map(Value::to_string).collect();
        let cells = row.iter().zip(&texts).map(|(value, text)| match value {
            Value::String(text) => Cell::Text(Cow::Borrowed(text)),
            Value::Bool(truth) => Cell::Boolean(*truth),
            Value::Number(_) => Cell::Number(text),
            _ => Cell::Empty,
        });
        writer.row(cells).unwrap();
    }
    writer.finish().unwrap()
}

/// The name of the first sheet and its rows, the names of the columns first, without the cells that are empty at the end.
pub(super) fn unpacked(file: &[u8]) -> (String, Vec<Vec<Value>>) {
    struct Kept(Vec<Vec<Value>>);
    impl Sink for Kept {
        fn head(&mut self, _: &Head) -> std::io::Result<()> {
            Ok(())
        }

        fn row(&mut self, row: &str) -> std::io::Result<()> {
            let mut cells: Vec<Value> = serde_json::from_str(row)?;
            while cells.last() == Some(&Value::Null) {
                cells.pop();
            }
            self.0.push(cells);
            Ok(())
        }
    }
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file).unwrap();
    let mut kept = Kept(Vec::new());
    let settings = Settings { header: false, ..Settings::default() };
    let facts = read_workbook(on_disk.path(), &settings, &mut kept).unwrap();
    (facts.head.sheet, kept.0)
}

#[test]
fn failed_rows_of_a_workbook_are_corrected_and_sent_again() {
    for (format, media_type) in FORMATS {
        let mut server = Launch::new().start();
        let mut client = server.client(&server.tenant());
        let rows = [
            json!(["Titel", "Betrag", "Notiz"]),
            json!(["Gut", 12.5, "ja"]),
            json!(["Schlecht", "zwölf", "  =1+1\nzwei "]),
            json!(["Wahr", true, 0.25]),
            json!(["Leer", "elf"]),
        ];
        let rows = rows.map(|row| row.as_array().expect("cells").clone());
        let job = job_of(&client, IMPORT, media_type, workbook(format, &rows));
        assert_eq!((&job["created"], &job["failed"]), (&json!(1), &json!(3)), "{job}");
        assert_eq!(job["file"]["sheet"], "Leads", "{job}");
        server.restart();
        client.address = server.address();
        let (content_type, file) = failed_as(&client, &job, "*/*");
        assert_eq!(content_type, media_type);
        let (sheet, mut given) = unpacked(&file);
        assert_eq!(sheet, "Leads");
        assert_eq!(
            given[0],
            ["Titel", "Betrag", "Notiz", "refract_row", "refract_code", "refract_field", "refract_message"]
        );
        let asked: Vec<(&[Value], &[Value])> = given[1..].iter().map(|row| (&row[..3], &row[3..6])).collect();
        let said = |row: u32| [json!(row + 1), json!("invalid_value"), json!("Betrag")];
        assert_eq!(
            asked,
            [
                (&[json!("Schlecht"), json!("zwölf"), json!("  =1+1\nzwei ")][..], &said(1)[..]),
                (&[json!("Wahr"), json!(true), json!(0.25)], &said(2)),
                (&[json!("Leer"), json!("elf"), Value::Null], &said(3)),
            ]
        );
        assert!(given[1][6].as_str().expect("a message").contains("zwölf"), "{:?}", given[1]);
        // Sent as it is, it fails as before; what is said of the rows is passed over.
        let again = job_of(&client, IMPORT, media_type, file);
        assert_eq!((&again["created"], &again["failed"]), (&json!(0), &json!(3)), "{again}");
        let (_, once_more) = unpacked(&failed_as(&client, &again, "*/*").1);
        assert_eq!(once_more[1][..3], given[1][..3]);
        assert_eq!(once_more[0].len(), given[0].len(), "the report stands there once");
        for row in &mut given[1..] {
            row[1] = json!(7);
        }
        let corrected = job_of(&client, IMPORT, media_type, workbook(format, &given));
        assert_eq!((&corrected["created"], &corrected["failed"]), (&json!(3), &json!(0)), "{corrected}");
        assert_eq!(client.count("deal"), 4);
        let (content_type, csv) = failed_as(&client, &job, "text/csv");
        assert_eq!(content_type, "text/csv; charset=UTF-8");
        assert!(String::from_utf8(csv).expect("text").contains("Schlecht,zwölf,"));
    }
}

#[test]
fn many_failed_rows_come_in_their_order() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let names = vec![json!("Titel"), json!("Betrag"), json!("Notiz")];
    let row = |number: usize| vec![json!(format!("Zeile {number}")), json!("viel"), json!("x".repeat(number % 300))];
    let rows: Vec<Vec<Value>> = std::iter::once(names).chain((0..20_000).map(row)).collect();
    for (format, media_type) in FORMATS {
        let job = job_of(&client, IMPORT, media_type, workbook(format, &rows));
        assert_eq!(job["failed"], 20_000, "{}", job["failed"]);
        let (_, given) = unpacked(&failed_as(&client, &job, media_type).1);
        assert_eq!(given.len(), 20_001);
        for (number, row) in given[1..].iter().enumerate() {
            assert_eq!((&row[0], &row[3]), (&json!(format!("Zeile {number}")), &json!(number + 1)));
        }
    }
}
