//! Awkward cells, one a line, with what becomes of each.

use std::fmt::Write;

use super::*;
use crate::import::judge::fuzz::{EVERY_TYPE, check_promises_of, schema_of_every_type};

/// What becomes of a cell.
#[derive(Debug, PartialEq, Eq)]
enum Became {
    /// A canonical value.
    Value(String),
    /// Nothing: the property is left as it is.
    Nothing,
    /// The property is cleared.
    Cleared,
    /// A fault whose message holds this.
    Fault(String),
}

fn context(slug: &str, rules: CellRules, format: TableFormat) -> JudgeContext {
    let options = ImportOptions {
        table: Some(Arc::new(table(format, &[("The column", slug)], rules))),
        ..ImportOptions::default()
    };
    let team = TeamId(uuid::Uuid::nil());
    let schema = Arc::new(schema_of_every_type());
    JudgeContext::new(team, schema, ObjectType::Contact, options, &KeyHasher::new([7; 16])).expect("a context")
}

fn became(slug: &str, rules: CellRules, raw_cell: &str) -> Became {
    let context = context(slug, rules, TableFormat::Xlsx);
    let staged = format!("[{raw_cell}]");
    check_staged(&context, staged.as_bytes());
    let mut chunk = RawChunk::starting_at(0);
    chunk.push(staged.as_bytes());
    let judged = judge_chunk(&context, &chunk);
    match &judged.rows[0] {
        JudgedRow::Skipped(why) => panic!("passed over: {why:?}"),
        JudgedRow::Faulty(error) => {
            assert_eq!(error.first.field, format!("default.{slug}"));
            assert!(error.first.message.starts_with("column \"The column\": "), "{}", error.first.message);
            Became::Fault(error.first.message.clone())
        }
        JudgedRow::Good(good) => {
            let start = format!("{{\"{slug}\":");
            let value = judged.body(good).strip_prefix(&start).and_then(|rest| rest.strip_suffix('}'));
            let cleared = good.extra.as_ref().is_some_and(|extra| extra.cleared == [slug]);
            match value {
                Some(value) => Became::Value(value.to_owned()),
                None if cleared => Became::Cleared,
                None => Became::Nothing,
            }
        }
    }
}

/// The promises of every verdict hold for a row of a table, too.
fn check_staged(context: &JudgeContext, staged: &[u8]) {
    let plain = ImportOptions { table: None, ..context.options().clone() };
    let hasher = KeyHasher::new([7; 16]);
    let plain = JudgeContext::new(context.team_id(), Arc::clone(context.schema()), ObjectType::Contact, plain, &hasher);
    check_promises_of(context, &plain.expect("a context"), staged);
}

fn comma() -> CellRules {
    CellRules { decimal_mark: Some(DecimalMark::Comma), ..CellRules::default() }
}

fn point() -> CellRules {
    CellRules { decimal_mark: Some(DecimalMark::Point), ..CellRules::default() }
}

fn dates(format: &str) -> CellRules {
    CellRules { date_format: Some(DateFormat::parse(format).expect("a format")), ..CellRules::default() }
}

fn split_by(separator: &str) -> CellRules {
    CellRules { separator: separator.to_owned(), ..CellRules::default() }
}

fn expect(rules: &CellRules, cases: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (slug, cell, expected) in cases {
        let is = became(slug, rules.clone(), cell);
        let fits = match (&is, expected.strip_prefix('!')) {
            (Became::Fault(message), Some(part)) => message.contains(part),
            (Became::Value(value), None) => value == expected,
            (Became::Nothing, None) => expected.is_empty(),
            (Became::Cleared, None) => *expected == "null",
            _ => false,
        };
        if !fits {
            writeln!(wrong, "{slug} {cell}: expected {expected}, not {is:?}").expect("a string grows");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn texts_are_kept_as_they_stand() {
    expect(
        &CellRules::default(),
        &[
            ("str", r#"" padded ""#, r#"" padded ""#),
            ("str", r#""=SUM(A1)""#, r#""=SUM(A1)""#),
            ("str", r#""00420""#, r#""00420""#),
            ("str", r#""1,5""#, r#""1,5""#),
            ("str", "49301234", r#""49301234""#),
            ("str", "1e3", r#""1e3""#),
            ("str", "true", r#""true""#),
            ("str", r#""NULL""#, r#""NULL""#),
            ("text", r#""two\nlines""#, r#""two\nlines""#),
            ("text", r#""a;b""#, r#""a;b""#),
            ("text", r#""\u00a0""#, ""),
            ("text", r#""\\""#, r#""\\""#),
            ("text", r#""\u00e9""#, r#""é""#),
            ("text", r#""a\u0000b""#, "!U+0000"),
            ("str", "null", ""),
        ],
    );
    let clear = CellRules { empty_cells: EmptyCells::Clear, ..CellRules::default() };
    expect(&clear, &[("str", r#"" \t""#, "null"), ("num", "null", "null"), ("multi_str", r#"" ; ""#, "null")]);
}

#[test]
fn numbers_of_a_place() {
    let unsaid = CellRules::default();
    expect(
        &unsaid,
        &[
            ("num", "5", "5"),
            ("num", r#"" 5.0 ""#, "5"),
            ("num", r#""1e3""#, "1000"),
            ("num", r#""1,234""#, "!options.decimal_mark"),
            ("num", r#""1.234,5""#, "!options.decimal_mark"),
            ("num", r#""1 234""#, "!options.decimal_mark"),
            ("num", r#""1.234""#, "1.234"),
            ("num", r#""12%""#, "!takes a number"),
            ("num", r#""€ 5""#, "!takes a number"),
            ("num", r#""n/a""#, "!takes a number"),
            ("num", "true", "!takes a number"),
        ],
    );
    expect(
        &comma(),
        &[
            ("num", r#""1.5""#, "!options.decimal_mark"),
            ("num", r#""1234.5""#, "!options.decimal_mark"),
            ("num", r#""1.5e3""#, "!options.decimal_mark"),
            ("num", r#""1.234""#, "1234"),
            ("num", r#""1,5""#, "1.5"),
            ("num", r#""1e3""#, "1000"),
            ("num", r#""-1.234,50""#, "-1234.5"),
            ("num", r#""1.23,4""#, "!takes a number"),
            ("num", "1.5", "1.5"),
        ],
    );
    expect(
        &point(),
        &[("num", r#""1.5e3""#, "1500"), ("num", r#""1,234.5""#, "1234.5"), ("num", r#""1,5""#, "!takes a number")],
    );
}

#[test]
fn dates_of_a_place() {
    expect(
        &CellRules::default(),
        &[
            ("date", r#"" 2026-07-31 ""#, r#""2026-07-31""#),
            ("date", r#""2026-07-31 09:30""#, r#""2026-07-31T09:30:00Z""#),
            ("date", r#""31.07.2026""#, "!options.date_format"),
            ("date", r#""7/31/2026""#, "!options.date_format"),
            ("date", r#""2026-02-30""#, "!no such day"),
            ("date", r#""soon""#, "!send a day such as"),
            ("date", "45000", "!takes a date"),
        ],
    );
    expect(
        &dates("DD.MM.YYYY"),
        &[
            ("date", r#""31.7.2026""#, r#""2026-07-31""#),
            ("date", r#""31.07.2026 9:30""#, r#""2026-07-31T09:30:00Z""#),
            ("date", r#""31.07.2026 09:30:15""#, r#""2026-07-31T09:30:15Z""#),
            ("date", r#""2026-07-31""#, r#""2026-07-31""#),
            ("date", r#""07/31/2026""#, "!DD.MM.YYYY"),
            ("date", r#""31.02.2026""#, "!no such day"),
            ("date", r#""2026-02-31""#, "!no such day"),
            ("date", r#""31.07.26""#, "!DD.MM.YYYY"),
        ],
    );
    expect(
        &dates("M/D/YY h:mm A"),
        &[
            ("date", r#""7/31/26 9:05 PM""#, r#""2026-07-31T21:05:00Z""#),
            ("date", r#""7/31/69 12:00 AM""#, r#""1969-07-31T00:00:00Z""#),
            ("date", r#""7/31/26 12:30 pm""#, r#""2026-07-31T12:30:00Z""#),
            ("date", r#""7/31/26""#, r#""2026-07-31""#),
            ("date", r#""7/31/26 13:05 PM""#, "!options.date_format"),
        ],
    );
    expect(
        &dates("D MMM YYYY"),
        &[
            ("date", r#""31 Jul 2026""#, r#""2026-07-31""#),
            ("date", r#""1 Sept. 2026""#, r#""2026-09-01""#),
            ("date", r#""1 september 2026""#, r#""2026-09-01""#),
            ("date", r#""1 Ju 2026""#, "!options.date_format"),
        ],
    );
    expect(
        &dates("YYYYMMDD"),
        &[("date", r#""20260731""#, r#""2026-07-31""#), ("date", r#""2026731""#, "!options.date_format")],
    );
    expect(&dates("YYYY-DD-MM"), &[("date", r#""2026-04-03""#, r#""2026-03-04""#)]);
}

#[test]
fn several_values_in_a_cell() {
    expect(
        &CellRules::default(),
        &[
            ("multi_str", r#""a""#, r#"["a"]"#),
            ("multi_str", r#"" a ;b;; a\r\nc""#, r#"["a","b","c"]"#),
            ("multi_str", r#""[a, b]""#, r#"["[a, b]"]"#),
            ("multi_str", r#""[\"a;b\",\"c\"]""#, r#"["a;b","c"]"#),
            ("multi_str", r#""[]""#, "null"),
            ("multi_str", r#"";;""#, ""),
            ("multi_str", "7", r#"["7"]"#),
            ("multi_str", r#""a,b""#, r#"["a,b"]"#),
            ("multiselect", r#""red;Blue""#, r#"["red","blue"]"#),
            ("multiselect", r#""red;green""#, "!green"),
            ("emails", r#""A@x.io; b@x.io""#, r#"["a@x.io","b@x.io"]"#),
            ("emails", r#""a@x.io, b@x.io""#, "!one @"),
        ],
    );
    expect(&split_by(","), &[("multi_str", r#""a,b;c""#, r#"["a","b;c"]"#)]);
    expect(&split_by(""), &[("multi_str", r#""a,b;c\nd""#, r#"["a,b;c","d"]"#)]);
}

#[test]
fn words_lose_the_space_around_them_and_json_is_json_only_if_all_of_it_is() {
    let id = "01234567-89ab-4cde-8f01-23456789abcd";
    let [padded, plain] = [format!("\" {id}\""), format!("\"{id}\"")];
    expect(
        &CellRules::default(),
        &[
            ("bool", r#"" TRUE ""#, "true"),
            ("bool", r#""yes""#, "!true or false"),
            ("bool", "1", "!true or false"),
            ("select", r#"" red""#, r#""red""#),
            ("select", r#""bright RED""#, r#""red""#),
            ("byte", r#""aGk= ""#, r#""aGk=""#),
            ("ref", &padded, &plain),
            ("ref", r#""Acme""#, "!the id of one record"),
            ("jsonb", r#""{\"a\":[1,2]}""#, r#"{"a":[1,2]}"#),
            ("jsonb", r#""[oops]""#, r#""[oops]""#),
            ("jsonb", r#""{\"a\":{b}}""#, r#""{\"a\":{b}}""#),
            ("jsonb", r#""12""#, "12"),
            ("jsonb", r#""null""#, "null"),
            ("jsonb", r#""plain""#, r#""plain""#),
        ],
    );
}

#[test]
fn ids_are_read_and_refused_by_their_column() {
    let context = context("id", CellRules::default(), TableFormat::Csv);
    let verdict = |cell: &str| {
        let mut judged = JudgedChunk::default();
        crate::import::judge::judge_row(&context, format!("[{cell}]").as_bytes(), &mut judged);
        match judged.rows.remove(0) {
            JudgedRow::Skipped(why) => panic!("passed over: {why:?}"),
            JudgedRow::Good(good) => Ok(good.extra.and_then(|extra| extra.given_id).map(|id| id.to_string())),
            JudgedRow::Faulty(error) => Err((error.first.field, error.first.message)),
        }
    };
    let id = "01234567-89ab-4cde-8f01-23456789abcd";
    assert_eq!(verdict(&format!("\" {id} \"")), Ok(Some(id.to_owned())));
    assert_eq!(verdict("\" \""), Ok(None));
    let (field, message) = verdict("\"17\"").expect_err("no uuid");
    assert!(field == "id" && message.starts_with("column \"The column\": "), "{field}: {message}");
}

#[test]
fn a_column_of_a_property_that_is_gone_is_a_fault_where_it_holds_something() {
    let input = || table(TableFormat::Csv, &[("a", "shoe_size"), ("b", "email")], CellRules::default());
    let verdicts = judged(ObjectType::Contact, input(), &[r#"["43","a@x.io"]"#, r#"["","a@x.io"]"#]);
    assert!(verdicts[0].as_ref().is_err_and(|fault| fault.starts_with("unknown_property default.shoe_size: column")));
    assert_eq!(verdicts[1].as_deref(), Ok(r#"{"email":"a@x.io"}"#));
}

#[test]
fn a_line_is_json_through_and_through() {
    let flat = || table(TableFormat::NdjsonFlat, &[("mail", "email"), ("note", "")], CellRules::default());
    let whole = || table(TableFormat::Ndjson, &[], CellRules::default());
    let bad = [r#"{"mail":"a@x.io","note":{bad}}"#, r#"{"note":"\x"}"#, r#"{"mail":"a@x.io"} {}"#, ""];
    for verdict in judged(ObjectType::Contact, flat(), &bad) {
        assert!(verdict.as_ref().is_err_and(|fault| fault.starts_with("invalid_json ")), "{verdict:?}");
    }
    let bad = [r#"{"default":{"email":"a@x.io"},"extended":{bad}}"#, r#"{"default":{"email":"a@x.io"}}]"#];
    for verdict in judged(ObjectType::Contact, whole(), &bad) {
        assert!(verdict.as_ref().is_err_and(|fault| fault.starts_with("invalid_json ")), "{verdict:?}");
    }
    let twice = judged(ObjectType::Contact, flat(), &[r#"{"mail":"a@x.io","mail":"b@x.io"}"#]);
    assert!(twice[0].as_ref().is_err_and(|fault| fault.starts_with("invalid_row default.email: column \"mail\"")));
}

#[test]
fn a_long_name_of_a_column_does_not_make_long_messages() {
    let name = "x".repeat(100_000);
    let verdicts = judged(ObjectType::Deal, table(TableFormat::Csv, &[(&name, "value")], comma()), &[r#"["many"]"#]);
    assert!(verdicts[0].as_ref().is_err_and(|fault| fault.len() < 1_000));
}

/// Values of JSON written into cells are judged as they are in JSON: the two ways in cannot drift apart.
fn any_typed() -> impl Strategy<Value = (usize, String)> {
    let value = prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        "[a-z@.0-9 é-]{1,9}".prop_map(|text| {
            let mut raw = String::new();
            crate::json::push_text(&mut raw, &format!("x{text}x"));
            raw
        }),
    ];
    (0..EVERY_TYPE.len(), value)
}

proptest! {
    #[test]
    fn a_typed_cell_is_judged_as_the_same_value_of_json((place, value) in any_typed()) {
        let slug = EVERY_TYPE[place].0;
        let as_cell = context(slug, CellRules::default(), TableFormat::Xlsx);
        let plain = ImportOptions { table: None, ..as_cell.options().clone() };
        let hasher = KeyHasher::new([7; 16]);
        let as_json =
            JudgeContext::new(as_cell.team_id(), Arc::clone(as_cell.schema()), ObjectType::Contact, plain, &hasher)
                .expect("a context");
        let (mut cells, mut json) = (JudgedChunk::default(), JudgedChunk::default());
        crate::import::judge::judge_row(&as_cell, format!("[{value}]").as_bytes(), &mut cells);
        let row = format!("{{\"default\":{{\"{slug}\":{value}}}}}");
        crate::import::judge::judge_row(&as_json, row.as_bytes(), &mut json);
        prop_assert_eq!(&cells.text, &json.text);
        prop_assert_eq!(&cells.keys, &json.keys);
        match (&cells.rows[0], &json.rows[0]) {
            (JudgedRow::Good(one), JudgedRow::Good(other)) => prop_assert_eq!(&one.extra, &other.extra),
            (JudgedRow::Faulty(one), JudgedRow::Faulty(other)) => {
                prop_assert_eq!(one.first.code, other.first.code);
                prop_assert!(one.first.message.ends_with(&other.first.message));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

fn proposed_with(object_type: ObjectType, columns: &[(&str, &[&str])]) -> Vec<Option<String>> {
    let schema = Schema::builtin(1);
    let source = Source { type_schema: schema.of(object_type), list: None };
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let cells: Vec<Vec<String>> =
        columns.iter().map(|(_, cells)| cells.iter().map(ToString::to_string).collect()).collect();
    propose(&names, &[], &cells, source).into_iter().map(|proposal| proposal.target.written()).collect()
}

#[test]
fn what_is_in_a_column_keeps_it_from_going_where_it_cannot() {
    let id = "01234567-89ab-4cde-8f01-23456789abcd";
    let some = |slug: &str| Some(slug.to_owned());
    assert_eq!(proposed_with(ObjectType::Contact, &[("Company", &["Acme", "Globex"])]), [some("organization")]);
    assert_eq!(proposed_with(ObjectType::Contact, &[("Company", &[id])]), [some("company")]);
    assert_eq!(proposed_with(ObjectType::Organization, &[("Size", &["11-50"])]), [None]);
    assert_eq!(proposed_with(ObjectType::Organization, &[("Size", &["12"])]), [some("employee_count")]);
    assert_eq!(proposed_with(ObjectType::Organization, &[("employee_count", &["many"])]), [some("employee_count")]);
    assert_eq!(proposed_with(ObjectType::Contact, &[("Id", &["17"])]), [None]);
    assert_eq!(proposed_with(ObjectType::Contact, &[("Id", &[id])]), [some("id")]);
    assert_eq!(proposed_with(ObjectType::Deal, &[("ID", &["17"])]), [some("external_id")]);
}

#[test]
fn telephone_numbers_and_versions_are_no_numbers() {
    let guessed = |cells: &[&str]| guess_column(cells.iter().copied()).guessed;
    assert_eq!(guessed(&["030 123 456"]), GuessedType::Text);
    assert_eq!(guessed(&["+1 555 123"]), GuessedType::Text);
    assert_eq!(guessed(&["0.5", "0"]), GuessedType::Number { decimal_mark: None });
    assert_eq!(guessed(&["7/31/26", "1/2/26"]), GuessedType::Date { format: DateFormat::parse("MM/DD/YY") });
    assert_eq!(
        guessed(&["Jul 31, 2026", "May 1, 2026"]),
        GuessedType::Date { format: DateFormat::parse("MMM D, YYYY") }
    );
    assert_eq!(guessed(&["31.01.2026 10:00"]), GuessedType::Date { format: DateFormat::parse("DD.MM.YYYY") });
}

proptest! {
    /// What was cut off or written over is not what was kept.
    #[test]
    fn a_damaged_input_is_none(input in any_input(), cut in any::<prop::sample::Index>(), more in "[^ \\t\\r\\n]{1,3}") {
        let whole = input.encode();
        let ends: Vec<usize> = whole.char_indices().map(|(at, _)| at).collect();
        prop_assert_eq!(TableInput::decode(&whole[..*cut.get(&ends)]), None);
        prop_assert_eq!(TableInput::decode(&format!("{whole}{more}")), None);
        prop_assert_eq!(ImportOptions::default().decode_more(Some(&more)), None);
    }
}

proptest! {
    /// A line is looked through while it is judged, and found broken exactly where it is.
    #[test]
    fn a_line_is_broken_exactly_if_it_is_no_json(
        start in prop::sample::select(vec!["", "{\"mail\":", "{\"mail\":\"a\",\"note\":", "{\"x\\u0041\":"]),
        inside in "[\\[\\]{}:,\"\\\\u0a1 ]{0,9}",
        end in prop::sample::select(vec!["", "}", "}}", "]}"]),
    ) {
        let line = format!("{start}{inside}{end}");
        let broken = crate::json::check(&line).err();
        for format in [TableFormat::NdjsonFlat, TableFormat::Ndjson] {
            let input = table(format, &[("mail", "email"), ("note", "")], CellRules::default());
            let verdict = judged(ObjectType::Contact, input, &[&line]).remove(0);
            let fault = verdict.err().unwrap_or_default();
            prop_assert_eq!(fault.starts_with("invalid_json "), broken.is_some(), "{}: {}", line, fault);
            if let Some(error) = broken {
                prop_assert!(fault.contains(&error.to_string()), "{}: {}", line, fault);
            }
        }
    }
}
