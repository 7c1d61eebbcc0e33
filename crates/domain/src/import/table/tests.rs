//! Tests of what cells become and where columns go.

mod golden;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::error::RowCode;
use crate::ids::TeamId;
use crate::import::judge::{JudgeContext, judge_chunk};
use crate::import::options::{ImportOptions, UnknownProperties};
use crate::import::policy::{DeletedMatches, OnMissingKey, OnMultiple, PropertyRule, WriteWord};
use crate::import::row::{JudgedChunk, JudgedRow, RawChunk};
use crate::key::KeyHasher;
use crate::object_type::ObjectType;
use crate::property::Schema;

fn table(format: TableFormat, columns: &[(&str, &str)], rules: CellRules) -> TableInput {
    let column = |(name, slug): &(&str, &str)| Column {
        name: (*name).to_owned(),
        target: match *slug {
            "" => Target::Ignored,
            "id" => Target::Id,
            slug => Target::Property(slug.to_owned()),
        },
    };
    TableInput { format, columns: columns.iter().map(column).collect(), rules, text: TextForm::default() }
}

/// The bodies of good rows, and code and message of each fault of the others.
fn judged(object_type: ObjectType, input: TableInput, rows: &[&str]) -> Vec<Result<String, String>> {
    let judged = judged_chunk(object_type, input, rows);
    let verdict = |row: &JudgedRow| match row {
        JudgedRow::Skipped(why) => Err(format!("passed over: {why:?}")),
        JudgedRow::Good(good) => Ok(judged.body(good).to_owned()),
        JudgedRow::Faulty(error) => {
            let faults = error.faults().map(|fault| format!("{} {}: {}", fault.code, fault.field, fault.message));
            Err(faults.collect::<Vec<_>>().join(" | "))
        }
    };
    judged.rows.iter().map(verdict).collect()
}

fn judged_chunk(object_type: ObjectType, input: TableInput, rows: &[&str]) -> JudgedChunk {
    let options = ImportOptions { table: Some(Arc::new(input)), ..ImportOptions::default() };
    let schema = Arc::new(Schema::builtin(1));
    let team = TeamId(uuid::Uuid::nil());
    let context = JudgeContext::new(team, schema, object_type, options, &KeyHasher::new([7; 16])).expect("a context");
    let mut chunk = RawChunk::starting_at(0);
    rows.iter().for_each(|row| chunk.push(row.as_bytes()));
    judge_chunk(&context, &chunk)
}

fn contacts(columns: &[(&str, &str)], rules: CellRules, rows: &[&str]) -> Vec<Result<String, String>> {
    judged(ObjectType::Contact, table(TableFormat::Csv, columns, rules), rows)
}

fn deal(slug: &str, cell: &str, rules: CellRules) -> Result<String, String> {
    let input = table(TableFormat::Csv, &[("Column", slug)], rules);
    let mut staged = String::from("[");
    crate::json::push_text(&mut staged, cell);
    staged.push(']');
    judged(ObjectType::Deal, input, &[&staged]).remove(0)
}

#[test]
fn cells_go_where_their_columns_do() {
    let columns = [("Mail", "email"), ("Notes", ""), ("Name", "full_name")];
    let rows = [r#"["ada@x.io","secret","Ada \"L\""]"#, r#"["","x"," "]"#, r#"[" a ","","b","",""]"#];
    let keep = contacts(&columns, CellRules::default(), &rows);
    assert_eq!(keep[0].as_deref(), Ok(r#"{"email":"ada@x.io","full_name":"Ada \"L\""}"#));
    assert_eq!(keep[1].as_deref(), Ok("{}"));
    assert_eq!(
        keep[2].as_deref(),
        Ok(r#"{"email":" a ","full_name":"b"}"#),
        "verbatim; empty cells at the end are none"
    );
}

#[test]
fn the_number_of_cells_must_fit() {
    let columns = [("a", "email"), ("b", "title")];
    for (format, few) in [(TableFormat::Csv, false), (TableFormat::Xlsx, true)] {
        let rows = [r#"["x@x.io"]"#, r#"["x@x.io","y","z"]"#, r#"[]"#];
        let verdicts = judged(ObjectType::Contact, table(format, &columns, CellRules::default()), &rows);
        assert_eq!(verdicts[0].is_ok(), few, "a workbook leaves out empty cells");
        assert_eq!(verdicts[2].is_ok(), few);
        assert!(
            verdicts[1]
                .as_ref()
                .is_err_and(|fault| fault.starts_with("column_count : the row has 3 cells, and there are 2"))
        );
    }
}

#[test]
fn empty_cells_keep_or_clear() {
    let (keep, clear) = (CellRules::default(), CellRules { empty_cells: EmptyCells::Clear, ..CellRules::default() });
    let columns = [("a", "email"), ("b", "id"), ("c", "title")];
    let verdict = |rules: CellRules| {
        let input = table(TableFormat::Csv, &columns, rules);
        let judged = judged_chunk(ObjectType::Contact, input, &[r#"[" \t","",""]"#]);
        match &judged.rows[0] {
            JudgedRow::Skipped(why) => panic!("passed over: {why:?}"),
            JudgedRow::Good(good) => (judged.body(good).to_owned(), good.extra.as_deref().cloned()),
            JudgedRow::Faulty(error) => panic!("{error:?}"),
        }
    };
    assert_eq!(verdict(keep), ("{}".to_owned(), None));
    let (body, extra) = verdict(clear);
    let extra = extra.expect("something is cleared");
    assert_eq!((body.as_str(), extra.given_id), ("{}", None), "an id is never cleared");
    assert_eq!(extra.cleared, ["email", "title"]);
}

#[test]
fn numbers_are_read_in_the_stated_way_and_never_guessed() {
    let point = CellRules { decimal_mark: Some(DecimalMark::Point), ..CellRules::default() };
    let comma = CellRules { decimal_mark: Some(DecimalMark::Comma), ..CellRules::default() };
    let value = |cell: &str, rules: &CellRules| deal("value", cell, rules.clone());
    for (cell, rules, expected) in [
        ("1234.5", &CellRules::default(), "1234.5"),
        (" 12 ", &CellRules::default(), "12"),
        ("1,234.50", &point, "1234.50"),
        ("1.234.567,5", &comma, "1234567.5"),
        ("1\u{a0}234,5", &comma, "1234.5"),
        ("1'234", &comma, "1234"),
        ("-0,5", &comma, "-0.5"),
        ("+7", &comma, "7"),
        ("007", &comma, "7"),
        ("1,234", &comma, "1.234"),
        ("1,234", &point, "1234"),
    ] {
        let body = value(cell, rules).unwrap_or_else(|fault| panic!("{cell}: {fault}"));
        let number: f64 = body.trim_start_matches(r#"{"value":"#).trim_end_matches('}').parse().expect("a number");
        assert_eq!(number, expected.parse::<f64>().expect("a number"), "{cell}");
    }
    for (cell, rules) in
        [("1.23.4", &comma), ("12,34,5", &point), ("1,", &comma), ("€5", &comma), ("1e", &point), ("--1", &point)]
    {
        assert!(value(cell, rules).is_err_and(|fault| fault.contains("invalid_value default.value")), "{cell}");
    }
    let unsaid = value("1.234,5", &CellRules::default()).expect_err("never guessed");
    assert!(unsaid.contains("options.decimal_mark") && unsaid.contains(r#"column "Column""#), "{unsaid}");
    assert!(!value("many", &CellRules::default()).expect_err("no number").contains("decimal_mark"));
}

#[test]
fn dates_are_read_by_the_stated_format_and_never_guessed() {
    let by = |format: &str| CellRules { date_format: DateFormat::parse(format), ..CellRules::default() };
    let date = |cell: &str, rules: CellRules| deal("close_date", cell, rules);
    for (cell, format, expected) in [
        ("3.4.2026", "DD.MM.YYYY", "2026-04-03"),
        ("04/03/2026", "MM/DD/YYYY", "2026-04-03"),
        ("03/04/2026 09:05", "DD/MM/YYYY HH:mm", "2026-04-03T09:05:00Z"),
        ("2026-04-03", "DD.MM.YYYY", "2026-04-03"),
    ] {
        assert_eq!(date(cell, by(format)), Ok(format!(r#"{{"close_date":"{expected}"}}"#)), "{cell}");
    }
    for (cell, expected) in [
        ("2026-04-03", "2026-04-03"),
        ("2026-04-03 09:05", "2026-04-03T09:05:00Z"),
        ("2026-04-03T09:05:06.5", "2026-04-03T09:05:06.5Z"),
        ("2026-04-03T09:05:06+02:00", "2026-04-03T09:05:06+02:00"),
    ] {
        assert_eq!(date(cell, CellRules::default()), Ok(format!(r#"{{"close_date":"{expected}"}}"#)), "{cell}");
    }
    assert!(date("30.02.2026", by("DD.MM.YYYY")).is_err_and(|fault| fault.contains("no such day")));
    assert!(date("3.4.26", by("DD.MM.YYYY")).is_err());
    let unsaid = date("03.04.2026", CellRules::default()).expect_err("never guessed");
    assert!(unsaid.contains("options.date_format"), "{unsaid}");
    for bad in ["", "YYYY", "DD.MM", "DD.DD.YYYY", "YYYY-MM-DD at", "YYYY-MM-DD HH", "hello"] {
        assert_eq!(DateFormat::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn one_cell_may_hold_several_values() {
    let tags = |cell: &str| {
        let input = table(TableFormat::Csv, &[("Names", "domains")], CellRules::default());
        let mut staged = String::from("[");
        crate::json::push_text(&mut staged, cell);
        staged.push(']');
        judged(ObjectType::Organization, input, &[&staged]).remove(0)
    };
    assert_eq!(tags("a; b ;;a\nc").as_deref(), Ok(r#"{"domains":["a","b","c"]}"#));
    assert_eq!(tags(r#"["x; y","z"]"#).as_deref(), Ok(r#"{"domains":["x; y","z"]}"#));
    assert_eq!(tags("[x").as_deref(), Ok(r#"{"domains":["[x"]}"#));
    assert_eq!(tags(" ; ").as_deref(), Ok("{}"));
}

#[test]
fn flat_lines_are_rows_and_broken_ones_are_faults_of_their_own() {
    let input = table(TableFormat::NdjsonFlat, &[("mail", "email"), ("note", "")], CellRules::default());
    let rows = [
        r#"{"mail":"a@x.io","note":{"deep":1}}"#,
        r#"{"mail":null,"title":"CTO"}"#,
        r#"{"mail":"b@x.io","nonsense":1}"#,
        r#"{"mail":"#,
        "[1]",
    ];
    let verdicts = judged(ObjectType::Contact, input, &rows);
    assert_eq!(verdicts[0].as_deref(), Ok(r#"{"email":"a@x.io"}"#));
    assert_eq!(verdicts[1].as_deref(), Ok(r#"{"title":"CTO"}"#));
    assert!(verdicts[2].as_ref().is_err_and(|fault| fault.starts_with("unknown_property default.nonsense")));
    assert!(verdicts[3].as_ref().is_err_and(|fault| fault.starts_with("invalid_json ")));
    assert!(verdicts[4].as_ref().is_err_and(|fault| fault.starts_with("invalid_row ")));
    let whole = table(TableFormat::Ndjson, &[], CellRules::default());
    let verdicts = judged(ObjectType::Contact, whole, &[r#"{"default":{"email":"a@x.io"}}"#, "{"]);
    assert_eq!(verdicts[0].as_deref(), Ok(r#"{"email":"a@x.io"}"#));
    assert!(verdicts[1].as_ref().is_err_and(|fault| fault.starts_with("invalid_json ")));
}

#[test]
fn unknown_properties_are_faults_unless_they_are_to_be_ignored() {
    let schema = Arc::new(Schema::builtin(1));
    let verdict = |unknown_properties| {
        let options = ImportOptions { unknown_properties, ..ImportOptions::default() };
        let (team, hasher) = (TeamId(uuid::Uuid::nil()), KeyHasher::new([7; 16]));
        let context = JudgeContext::new(team, Arc::clone(&schema), ObjectType::Contact, options, &hasher);
        let mut chunk = RawChunk::starting_at(0);
        chunk.push(br#"{"default":{"shoe_size":43,"email":"a@x.io"}}"#);
        let judged = judge_chunk(&context.expect("a context"), &chunk);
        match &judged.rows[0] {
            JudgedRow::Skipped(why) => panic!("passed over: {why:?}"),
            JudgedRow::Good(good) => Ok(judged.body(good).to_owned()),
            JudgedRow::Faulty(error) => Err(error.first.code),
        }
    };
    assert_eq!(verdict(UnknownProperties::Fail), Err(RowCode::UnknownProperty));
    assert_eq!(verdict(UnknownProperties::Ignore).as_deref(), Ok(r#"{"email":"a@x.io"}"#));
}

fn proposed(object_type: ObjectType, columns: &[&str]) -> Vec<(Option<String>, Reason)> {
    let schema = Schema::builtin(1);
    let source = Source { type_schema: schema.of(object_type), list: None };
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let proposals = propose(&columns, &[], &[], source);
    proposals.into_iter().map(|proposal| (proposal.target.written(), proposal.reason)).collect()
}

#[test]
fn columns_find_their_properties() {
    let to = |slug: &str, reason| (Some(slug.to_owned()), reason);
    assert_eq!(
        proposed(ObjectType::Organization, &["Institution", "Domain", "Also known as"]),
        [to("name", Reason::Synonym), to("primary_domain", Reason::Synonym), to("other_names", Reason::Synonym)]
    );
    assert_eq!(
        proposed(ObjectType::Contact, &["Vorname", "NACHNAME", "E-Mail", "emial", "Téléphone", "Firma", "Shoe size"]),
        [
            to("first_name", Reason::Synonym),
            to("last_name", Reason::Synonym),
            to("email", Reason::Slug),
            (None, Reason::Taken),
            to("phone", Reason::Synonym),
            to("organization", Reason::Synonym),
            (None, Reason::None),
        ]
    );
    assert_eq!(
        proposed(ObjectType::Contact, &["refract_code", "Frist name"]),
        [(None, Reason::Report), to("first_name", Reason::Spelling)]
    );
}

#[test]
fn what_is_in_a_column_tells_where_it_goes() {
    let schema = Schema::builtin(1);
    let source = Source { type_schema: schema.of(ObjectType::Contact), list: None };
    let cells = vec![vec!["ada@x.io".to_owned(), "b@y.org".to_owned()]];
    let proposals = propose(&["Kontakt 1".to_owned()], &[], &cells, source);
    assert_eq!((proposals[0].target.written().as_deref(), proposals[0].reason), (Some("email"), Reason::Values));
}

#[test]
fn a_given_mapping_is_checked() {
    let schema = Schema::builtin(1);
    let source = Source { type_schema: schema.of(ObjectType::Contact), list: None };
    let columns = ["E-Mail".to_owned(), "Name".to_owned(), "7".to_owned()];
    let given = |pairs: &[(&str, Option<&str>)]| {
        let pairs: Vec<_> =
            pairs.iter().map(|(column, slug)| ((*column).to_owned(), slug.map(str::to_owned))).collect();
        given_mapping(&columns, &pairs, source).map_err(|fault| fault.to_string())
    };
    let email = || Some(Target::Property("email".to_owned()));
    assert_eq!(given(&[("E-Mail", Some("email")), ("1", None)]), Ok(vec![email(), Some(Target::Ignored), None]));
    assert_eq!(given(&[("e mail", Some("email")), ("7", Some("id"))]), Ok(vec![email(), None, Some(Target::Id)]));
    assert!(given(&[("Mail", Some("email"))]).is_err_and(|fault| fault.contains("did you mean")));
    assert!(given(&[("Name", Some("ful_name"))]).is_err_and(|fault| fault.contains("\"full_name\"")));
    assert!(given(&[("Name", Some("list.stage"))]).is_err());
    assert!(
        given(&[("Name", Some("email")), ("E-Mail", Some("email"))]).is_err_and(|fault| fault.contains("both go to"))
    );
}

#[test]
fn columns_are_told_by_their_cells() {
    let guessed = |cells: &[&str]| guess_column(cells.iter().copied()).guessed;
    assert_eq!(guessed(&["", " "]), GuessedType::Empty);
    assert_eq!(guessed(&["TRUE", "false"]), GuessedType::Bool);
    assert_eq!(guessed(&["1", "2.5"]), GuessedType::Number { decimal_mark: None });
    assert_eq!(guessed(&["1.234,5", "2"]), GuessedType::Number { decimal_mark: Some(DecimalMark::Comma) });
    assert_eq!(guessed(&["01234", "99999"]), GuessedType::Text, "codes are no numbers");
    assert_eq!(guessed(&["2026-01-31", "2026-01-31 10:00"]), GuessedType::Date { format: None });
    assert_eq!(guessed(&["31.01.2026", "1.2.2026"]), GuessedType::Date { format: DateFormat::parse("DD.MM.YYYY") });
    assert_eq!(guessed(&["01/02/2026"]), GuessedType::Date { format: None }, "either could be the day");
    assert_eq!(guessed(&["a@x.io"]), GuessedType::Email);
    assert_eq!(guessed(&["https://x.io", "www.y.org"]), GuessedType::Url);
    assert_eq!(guessed(&["red", "blue", "red", "red", "blue", "red", "blue", "red"]), GuessedType::Choice);
    assert_eq!(guess_column(["a", "", "a", "b"].into_iter()).examples, ["a", "b"]);
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![
        "[a-z_]{1,9}".prop_map(Target::Property),
        "[a-z_]{1,9}".prop_map(Target::ListProperty),
        Just(Target::Id),
        Just(Target::Ignored),
    ]
}

fn any_mark() -> impl Strategy<Value = char> {
    any::<char>().prop_filter("no text may hold it", |mark| *mark != '\0')
}

fn any_input() -> impl Strategy<Value = TableInput> {
    let columns = proptest::collection::vec(("[^\0]{0,9}", any_target()), 0..6)
        .prop_map(|columns| columns.into_iter().map(|(name, target)| Column { name, target }).collect());
    let rules = (any::<bool>(), proptest::option::of(any::<bool>()), any::<bool>(), "[^\0]{0,3}").prop_map(
        |(clear, point, has_format, separator)| CellRules {
            empty_cells: if clear { EmptyCells::Clear } else { EmptyCells::Keep },
            decimal_mark: point.map(|point| if point { DecimalMark::Point } else { DecimalMark::Comma }),
            date_format: has_format.then(|| DateFormat::parse("DD.MM.YYYY HH:mm").expect("a format")),
            separator,
        },
    );
    let text = (
        any_mark(),
        proptest::option::of(any_mark()),
        "[^\0]{0,9}",
        any::<(bool, u64)>(),
        proptest::option::of("[^\0]{0,9}"),
    )
        .prop_map(|(delimiter, quote, encoding, (header, skip_rows), sheet)| TextForm {
            delimiter,
            quote,
            encoding,
            header,
            skip_rows,
            sheet,
        });
    (0..TableFormat::ALL.len(), columns, rules, text).prop_map(|(format, columns, rules, text)| TableInput {
        format: TableFormat::ALL[format],
        columns,
        rules,
        text,
    })
}

proptest! {
    #[test]
    fn an_input_is_read_as_it_was_kept(input in any_input()) {
        let unknown_properties = if input.text.header { UnknownProperties::Ignore } else { UnknownProperties::Fail };
        let table = Some(Arc::new(input.clone()));
        let write = WriteWord::ALL.map(|write| PropertyRule { in_list: input.text.header, slug: input.rules.separator.clone(), write });
        let (clears, counts) = (input.rules.empty_cells == EmptyCells::Clear, input.columns.len());
        let options = ImportOptions {
            unknown_properties,
            on_missing_key: if clears { OnMissingKey::Fail } else { OnMissingKey::Create },
            on_multiple: OnMultiple::ALL[counts % 3],
            deleted_matches: DeletedMatches::ALL[counts % 3],
            write: write.into_iter().take(counts % 4).collect(),
            table,
            ..ImportOptions::default()
        };
        prop_assert_eq!(TableInput::decode(&input.encode()), Some(input));
        let more = options.encode_more();
        prop_assert_eq!(ImportOptions::default().decode_more(more.as_deref()), Some(options));
    }

    #[test]
    fn garbage_is_no_input(text: String) {
        prop_assert_eq!(TableInput::decode(&text), None);
    }

    /// Whatever was staged, a row comes out that can be judged, or a fault: no panic, and never a row that is no JSON.
    #[test]
    fn every_staged_row_has_a_verdict(staged: String, cells in proptest::collection::vec(".{0,12}", 0..5)) {
        let mut array = String::from("[");
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 { array.push(','); }
            crate::json::push_text(&mut array, cell);
        }
        array.push(']');
        let columns = [("a", "value"), ("b", "close_date"), ("c", "tags")];
        for format in TableFormat::ALL {
            let comma = CellRules { decimal_mark: Some(DecimalMark::Comma), ..CellRules::default() };
            let verdicts = judged(ObjectType::Deal, table(format, &columns, comma), &[&staged, &array]);
            prop_assert_eq!(verdicts.len(), 2);
            if format.has_cells() && cells.len() == 3 {
                let is_of_the_row = |fault: &String| !fault.starts_with(RowCode::InvalidRow.name());
                prop_assert!(verdicts[1].as_ref().map_or_else(is_of_the_row, |_| true), "{:?}", verdicts[1]);
            }
        }
    }
}
