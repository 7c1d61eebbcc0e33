//! What is written is read again as the same cells.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::borrow::Cow;
use std::io::Write as _;

use proptest::prelude::*;
use refract_workbook::{Cell, Format, Head, Settings, Sink, WorkbookWriter, read_workbook};
use serde_json::Value;

#[derive(Default)]
struct Kept {
    head: Option<Head>,
    rows: Vec<Vec<Value>>,
}

impl Sink for Kept {
    fn head(&mut self, head: &Head) -> std::io::Result<()> {
        self.head = Some(head.clone());
        Ok(())
    }

    fn row(&mut self, row: &str) -> std::io::Result<()> {
        self.rows.push(serde_json::from_str(row)?);
        Ok(())
    }
}

/// A workbook with a row of names and then these rows, each with its number in the first column.
fn written(format: Format, rows: &[Vec<Value>]) -> Kept {
    let mut writer = WorkbookWriter::begin(format, "People", 4, Vec::new()).unwrap();
    writer.row(["row", "a", "b", "c"].map(|name| Cell::Text(name.into()))).unwrap();
    for (number, row) in rows.iter().enumerate() {
        let number = number.to_string();
        let texts: Vec<String> = row.iter().map(Value::to_string).collect();
        let cells = row.iter().zip(&texts).map(|(value, text)| match value {
            Value::String(text) => Cell::Text(Cow::Borrowed(text)),
            Value::Bool(truth) => Cell::Boolean(*truth),
            Value::Number(_) => Cell::Number(text),
            _ => Cell::Empty,
        });
        writer.row(std::iter::once(Cell::Number(&number)).chain(cells)).unwrap();
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&writer.finish().unwrap()).unwrap();
    let mut kept = Kept::default();
    let facts = read_workbook(file.path(), &Settings::default(), &mut kept).unwrap();
    assert_eq!((facts.head.format, facts.rows), (format, rows.len() as u64));
    kept
}

/// What is read of a value that was written: nothing of an empty text; of ODS without what the format cannot say.
fn expected(format: Format, value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) if format == Format::Ods => {
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            lines.replace(['\u{1}', '\u{ffff}'], "\u{fffd}").into()
        }
        other => other.clone(),
    }
}

fn cell() -> impl Strategy<Value = Value> {
    let pieces = [
        "a",
        "é",
        "😀",
        " ",
        "  ",
        "\t",
        "\n",
        "\r",
        "\u{1}",
        "\u{ffff}",
        "\u{a0}",
        "<b>",
        "&amp;",
        "\"",
        "'",
        "]]>",
        "=1+1",
        "_",
        "_x0041_",
        "_x000D",
        "_x00",
        "2026-11-29",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53) + 1..1_i64 << 53).prop_map(Value::from),
        // Whole numbers are read without a point.
        any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0 + 0.0625).into()),
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..8)
            .prop_map(|pieces| pieces.concat().into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn cells_are_read_as_they_were_written(
        rows in proptest::collection::vec(proptest::collection::vec(cell(), 3), 0..20),
    ) {
        for format in [Format::Xlsx, Format::Ods] {
            let kept = written(format, &rows);
            let head = kept.head.unwrap();
            prop_assert_eq!((head.sheet.as_str(), head.columns), ("People", ["row", "a", "b", "c"].map(str::to_owned).to_vec()));
            for (number, row) in rows.iter().enumerate() {
                let wanted: Vec<Value> =
                    std::iter::once(number.into()).chain(row.iter().map(|value| expected(format, value))).collect();
                prop_assert_eq!(&kept.rows[number], &wanted, "{:?}", format);
            }
        }
    }
}
