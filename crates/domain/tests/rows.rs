//! The shape of a row, its faults in order, its keys, and its part under `list`.

mod common;

use std::sync::Arc;

use common::{context, fault, faults, hasher, judge, judge_bytes, matching_by, team, try_context, with_list};
use refract_domain::error::RowCode;
use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::judge::fuzz::{LIST, schema_of_every_type};
use refract_domain::import::judge::{ContextError, JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{JudgedRow, LateOption, RawChunk, RowExtra};
use refract_domain::limits::{DEDUPE_VALUE_BYTES_MAX, FAULTS_PER_ROW_MAX, ROW_PROPERTIES_MAX};
use refract_domain::object_type::ObjectType;

fn plain() -> ImportOptions {
    ImportOptions::default()
}

fn body(raw: &str) -> String {
    judge(plain(), raw).unwrap_or_else(|faults| panic!("{raw}: {faults:?}")).body
}

#[test]
fn rows_without_values_are_records_without_values() {
    for raw in [
        "{}",
        " { } ",
        r#"{"default":null}"#,
        r#"{"default":{}}"#,
        r#"{"list":null,"crm":null,"id":null}"#,
        r#"{"list":{}}"#,
    ] {
        let good = judge(plain(), raw).expect(raw);
        assert_eq!((good.body.as_str(), good.extra), ("{}", RowExtra::default()), "{raw}");
    }
}

#[test]
fn values_stand_in_the_row_s_order_without_white_space() {
    assert_eq!(
        body(r#" { "default" : { "text" : "t" , "num" : 1.0 , "str" : "s" } } "#),
        r#"{"text":"t","num":1,"str":"s"}"#
    );
    assert_eq!(body(r#"{"default":{"str":null,"num":1,"text":null,"bool":""}}"#), r#"{"num":1}"#);
    assert_eq!(body(r#"{"d\u0065fault":{"\u0073tr":"s"}}"#), r#"{"str":"s"}"#);
    assert_eq!(body(r#"{"extended":{"a":[{}]},"default":{"str":"s"}}"#), r#"{"str":"s"}"#);
}

#[test]
fn what_is_no_row_is_an_invalid_row() {
    for raw in ["null", "7", "\"a\"", "[]", "[{}]", "true"] {
        let fault = fault(plain(), raw);
        assert_eq!((fault.field.as_str(), fault.code), ("", RowCode::InvalidRow), "{raw}");
        assert!(fault.message.contains(raw), "{}", fault.message);
    }
    for raw in [
        "",
        "{",
        "{}x",
        r#"{"default":{"str":}}"#,
        r#"{"default":{"str":"a"}"#,
        "{,}",
        "nul",
        "{\"default\":{\"num\":01}}",
    ] {
        assert_eq!(fault(plain(), raw).code, RowCode::InvalidRow, "{raw}");
    }
    let context = context(plain());
    let faults = judge_bytes(&context, b"{\"default\":{\"str\":\"\xff\"}}").expect_err("not UTF-8");
    assert_eq!(faults[0].code, RowCode::InvalidRow);
}

#[test]
fn groups_are_objects() {
    for name in ["default", "list", "crm"] {
        for raw in ["7", "\"a\"", "[]", "true"] {
            let fault = fault(with_list(), &format!("{{\"{name}\":{raw}}}"));
            assert_eq!((fault.field.as_str(), fault.code), (name, RowCode::InvalidRow));
        }
    }
}

#[test]
fn a_row_has_only_its_own_keys_each_once() {
    assert_eq!(faults(plain(), r#"{"team_id":1,"default":{}}"#), [("team_id".to_owned(), RowCode::InvalidRow)]);
    assert_eq!(faults(plain(), r#"{"default":{},"default":{}}"#), [("default".to_owned(), RowCode::InvalidRow)]);
    assert_eq!(faults(plain(), r#"{"id":null,"id":null}"#), [("id".to_owned(), RowCode::InvalidRow)]);
    assert_eq!(faults(with_list(), r#"{"list":{},"crm":{}}"#), [("crm".to_owned(), RowCode::InvalidRow)]);
    assert_eq!(faults(plain(), r#"{"\ud800":1}"#)[0].1, RowCode::InvalidRow);
    assert!(fault(plain(), r#"{"defualt":{}}"#).message.contains("\"default\""));
    let flat = fault(plain(), r#"{"str":"ada"}"#);
    assert_eq!((flat.field.as_str(), flat.code), ("str", RowCode::InvalidRow));
    assert!(flat.message.contains("properties belong under \"default\""), "{}", flat.message);
}

#[test]
fn unknown_slugs_are_named_with_the_nearest_known_one() {
    let fault_of = |slug: &str| fault(plain(), &format!("{{\"default\":{{\"{slug}\":[1,{{}}]}}}}"));
    let near = fault_of("multi_strr");
    assert_eq!((near.field.as_str(), near.code), ("default.multi_strr", RowCode::UnknownProperty));
    assert!(near.message.contains("did you mean \"multi_str\"?"), "{}", near.message);
    for slug in ["__proto__", "constructor", "", "a.b", "STR", "\\ud800", "str\\u0000", "app_stage"] {
        assert_eq!(fault_of(slug).code, RowCode::UnknownProperty, "{slug}");
    }
    let long = fault_of(&"x".repeat(10_240));
    assert!(long.message.len() < 300 && long.field.len() < 100);
}

#[test]
fn a_slug_comes_once_in_a_group() {
    let twice = fault(plain(), r#"{"default":{"str":"a","num":1,"\u0073tr":"b"}}"#);
    assert_eq!((twice.field.as_str(), twice.code), ("default.str", RowCode::InvalidRow));
    assert!(judge(with_list(), r#"{"default":{"str":"a"},"list":{"app_stage":"won"}}"#).is_ok());
}

#[test]
fn all_faults_come_in_the_row_s_order() {
    let row = r#"{"id":"x","default":{"num":"a","nope":1,"str":"ok","date":"b","select":"green"},"lits":{}}"#;
    let expected = [
        ("id", RowCode::InvalidValue),
        ("default.num", RowCode::InvalidValue),
        ("default.nope", RowCode::UnknownProperty),
        ("default.date", RowCode::InvalidValue),
        ("default.select", RowCode::InvalidOption),
        ("lits", RowCode::InvalidRow),
    ];
    assert_eq!(faults(plain(), row), expected.map(|(field, code)| (field.to_owned(), code)));
    let many: Vec<_> = (0..100).map(|number| format!("\"nope{number}\":1")).collect();
    assert_eq!(faults(plain(), &format!("{{\"default\":{{{}}}}}", many.join(","))).len(), FAULTS_PER_ROW_MAX);
}

#[test]
fn five_hundred_properties_are_the_most() {
    let row = |count: usize| {
        let members: Vec<_> = (0..count).map(|number| format!("\"p{number}\":1")).collect();
        format!("{{\"default\":{{{}}}}}", members.join(","))
    };
    assert_eq!(faults(plain(), &row(ROW_PROPERTIES_MAX))[0].1, RowCode::UnknownProperty);
    assert_eq!(faults(plain(), &row(ROW_PROPERTIES_MAX + 1)), [("default".to_owned(), RowCode::TooManyProperties)]);
}

#[test]
fn an_id_is_a_uuid() {
    let good = judge(plain(), r#"{"id":"0B8F2D6E-0000-4000-8000-00000000000a"}"#).expect("good");
    assert_eq!(good.extra.given_id, RecordId::parse("0b8f2d6e-0000-4000-8000-00000000000a"));
    for raw in ["\"\"", "\"ada\"", "7", "[]", "{}", "true", "\"{0b8f2d6e-0000-4000-8000-00000000000a}\"", "\"\\ud800\""]
    {
        assert_eq!(faults(plain(), &format!("{{\"id\":{raw}}}")), [("id".to_owned(), RowCode::InvalidValue)], "{raw}");
    }
}

#[test]
fn list_values_need_a_list() {
    for name in ["list", "crm"] {
        let row = format!("{{\"{name}\":{{\"app_stage\":\"Won\"}}}}");
        assert_eq!(faults(plain(), &row), [("list".to_owned(), RowCode::InvalidValue)]);
        let list = judge(with_list(), &row).expect("good").extra.list.expect("a list part");
        assert_eq!((list.body.as_str(), list.cleared.len()), (r#"{"app_stage":"won"}"#, 0));
    }
    let cleared = judge(with_list(), r#"{"list":{"app_stage":null}}"#).expect("good").extra.list.expect("a list part");
    assert_eq!((cleared.body.as_str(), cleared.cleared), ("{}", vec!["app_stage".to_owned()]));
    assert_eq!(judge(with_list(), r#"{"list":{}}"#).expect("good").extra.list, None);
    let unknown = fault(with_list(), r#"{"list":{"app_stagee":"won"}}"#);
    assert_eq!((unknown.field.as_str(), unknown.code), ("list.app_stagee", RowCode::UnknownProperty));
    assert!(unknown.message.contains("did you mean \"app_stage\"?"), "{}", unknown.message);
    assert_eq!(faults(with_list(), r#"{"list":{"app_stage":"lost"}}"#)[0].1, RowCode::InvalidOption);
    assert_eq!(faults(with_list(), r#"{"default":{"app_stage":"won"}}"#)[0].1, RowCode::UnknownProperty);
}

#[test]
fn a_stage_can_be_required() {
    let options = || ImportOptions { require_list_stage: true, ..with_list() };
    let missing = [("list.app_stage".to_owned(), RowCode::MissingListStage)];
    for row in
        ["{}", r#"{"list":{}}"#, r#"{"list":{"app_stage":null}}"#, r#"{"list":{"app_stage":""}}"#, r#"{"list":null}"#]
    {
        assert_eq!(faults(options(), row), missing, "{row}");
    }
    assert!(judge(options(), r#"{"list":{"app_stage":"won"}}"#).is_ok());
    let invalid = [("list.app_stage".to_owned(), RowCode::InvalidOption)];
    assert_eq!(faults(options(), r#"{"list":{"app_stage":"lost"}}"#), invalid);
    let late_options = ImportOptions { create_missing_options: true, ..options() };
    let list = judge(late_options, r#"{"list":{"app_stage":"Lost"}}"#).expect("good").extra.list.expect("a list part");
    assert_eq!(list.late[0].options, [LateOption::Missing("Lost".into())]);
}

#[test]
fn keys_are_of_the_trimmed_folded_texts() {
    let keys = |slug: &str, raw: &str| {
        judge(matching_by(slug), &format!("{{\"default\":{{\"{slug}\":{raw}}}}}")).expect(raw).match_keys
    };
    let same = |slug: &str, left: &str, right: &str| {
        assert_eq!(keys(slug, left), keys(slug, right), "{slug}: {left} {right}");
        assert_eq!(keys(slug, left).len(), 1, "{slug}: {left}");
    };
    same("str", "\" Ada@X.org\\t\"", "\"ada@x.ORG\"");
    same("str", "\"STRASSE\"", "\"straße\"");
    same("str", "\"\\u0041da\"", "\"ada\"");
    same("num", "5.0", "\"5\"");
    same("bool", "true", "\"TRUE\"");
    same("date", "\"2026-07-31\"", "\"2026-07-31T02:00:00.0+02:00\"");
    same("select", "\"red\"", "\"Bright Red\"");
    same("select", "\"00000000-0000-0000-0000-000000000002\"", "\"red\"");
    same("emails", "[\"A.da+x@gmail.com\"]", "\"ada@gmail.com\"");
    same("multi_str", "[\"A\",\"a \"]", "\"a\"");
    assert_eq!(keys("multi_str", "[\"a\",\" \",\"b\"]").len(), 2);
    assert_ne!(keys("str", "\"a\""), keys("str", "\"b\""));
    for (slug, raw) in [("str", "null"), ("str", "\"\""), ("str", "\" \\n\\u00a0\""), ("multi_str", "[\" \"]")] {
        assert!(keys(slug, raw).is_empty(), "{slug}: {raw}");
    }
}

#[test]
fn other_keyed_properties_have_keys_too_and_late_values_none() {
    let row = r#"{"default":{"str":"a","text":"b","jsonb":{"x":1},"byte":"QQ==","multi_str":["c","d"]}}"#;
    let good = judge(matching_by("str"), row).expect("good");
    assert_eq!((good.match_keys.len(), good.other_keys.len()), (1, 3));
    let unmatched = judge(plain(), row).expect("good");
    assert_eq!((unmatched.match_keys.len(), unmatched.other_keys.len()), (0, 4));
    let options = ImportOptions { create_missing_options: true, ..matching_by("select") };
    let late = judge(options, r#"{"default":{"select":"Green"}}"#).expect("good");
    assert_eq!((late.match_keys.len(), late.extra.late.len()), (0, 1));
}

#[test]
fn the_matching_property_is_keyed_even_if_the_schema_does_not_say_so() {
    let schema = Arc::new(refract_domain::property::Schema::builtin(1));
    let contact =
        |options| JudgeContext::new(team(), schema.clone(), ObjectType::Contact, options, &hasher()).expect("fits");
    let (matching, without) = (contact(matching_by("email")), contact(plain()));
    let body = r#"{"city":"Rome","email":"Ada@x.org"}"#;
    let keys = matching.keys_of_body(body);
    let good = judge_bytes(&matching, format!("{{\"default\":{body}}}").as_bytes()).expect("good");
    assert_eq!(keys.iter().map(|(_, key)| *key).collect::<Vec<_>>(), good.match_keys);
    assert_eq!(keys[0].0, matching.type_schema().position("email").expect("a built-in"));
    assert!(without.keys_of_body(body).is_empty());
    assert_eq!(matching.match_property().map(|property| property.slug.as_str()), Some("email"));
}

#[test]
fn exact_values_are_kept_only_when_case_counts() {
    let exact = || ImportOptions { case_insensitive: false, ..matching_by("multi_str") };
    let row = r#"{"default":{"multi_str":[" Ada ","b"," "]}}"#;
    assert_eq!(judge(exact(), row).expect("good").extra.exact, ["Ada", "b"]);
    assert!(judge(matching_by("multi_str"), row).expect("good").extra.exact.is_empty());
    let date = ImportOptions { case_insensitive: false, ..matching_by("date") };
    assert_eq!(judge(date, r#"{"default":{"date":"1970-01-02"}}"#).expect("good").extra.exact, ["86400"]);
    assert!(context(exact()).case_counts() && !context(matching_by("str")).case_counts());
    assert!(!context(ImportOptions { case_insensitive: false, ..plain() }).case_counts());
}

#[test]
fn a_dedupe_value_has_a_longest_length() {
    let row = |length: usize| format!("{{\"default\":{{\"text\":\"  {}  \"}}}}", "a".repeat(length));
    assert!(judge(matching_by("text"), &row(DEDUPE_VALUE_BYTES_MAX)).is_ok());
    let long = row(DEDUPE_VALUE_BYTES_MAX + 1);
    assert_eq!(faults(matching_by("text"), &long), [("default.text".to_owned(), RowCode::DedupeValueTooLong)]);
    assert!(judge(matching_by("str"), &long).is_ok(), "only the property that matches is limited");
}

#[test]
fn options_that_do_not_fit_the_schema_are_refused_before_any_row() {
    let refused = |options| try_context(options).expect_err("refused");
    let unknown = refused(matching_by("multi_sr"));
    assert_eq!(
        unknown,
        ContextError::UnknownDedupeProperty { slug: "multi_sr".into(), nearest: Some("multi_str".into()) }
    );
    assert!(unknown.to_string().contains("did you mean \"multi_str\"?"));
    for slug in ["multiselect", "jsonb", "byte", "ref", "multi_ref"] {
        let error = refused(matching_by(slug));
        assert!(matches!(&error, ContextError::NotAKey { slug: named, .. } if named == slug), "{error}");
    }
    let other_list = ListId::from_bytes([0xee; 16]);
    assert_eq!(refused(ImportOptions { list_id: Some(other_list), ..plain() }), ContextError::UnknownList(other_list));
    assert_eq!(refused(ImportOptions { require_list_stage: true, ..plain() }), ContextError::StageWithoutList);
    let schema = Arc::new(schema_of_every_type());
    let deal = JudgeContext::new(team(), schema, ObjectType::Deal, with_list(), &hasher()).expect_err("refused");
    let expected =
        ContextError::ListOfAnotherType { list_id: LIST, takes: ObjectType::Contact, imported: ObjectType::Deal };
    assert_eq!(deal, expected);
    let hostile = refused(matching_by(&format!("email\"); DROP TABLE record; --{}", "x".repeat(9_000))));
    assert!(hostile.to_string().len() < 300);
}

#[test]
fn a_chunk_keeps_good_and_faulty_rows_apart() {
    let mut chunk = RawChunk::starting_at(40);
    for raw in [
        r#"{"default":{"str":"a","num":1}}"#,
        r#"{"default":{"str":"b","num":"x"}}"#,
        r#"{"default":{"num":2,"str":"c"}}"#,
    ] {
        chunk.push(raw.as_bytes());
    }
    let judged = judge_chunk(&context(matching_by("str")), &chunk);
    assert_eq!((judged.first_row, judged.end_row(), judged.schema_version), (40, 43, 9));
    let good: Vec<_> = judged
        .rows
        .iter()
        .map(|row| match row {
            JudgedRow::Good(good) => {
                Some((judged.body(good), judged.match_keys(good).len(), judged.other_keys(good).len()))
            }
            JudgedRow::Skipped(_) | JudgedRow::Faulty(_) => None,
        })
        .collect();
    assert_eq!(good, [Some((r#"{"str":"a","num":1}"#, 1, 1)), None, Some((r#"{"num":2,"str":"c"}"#, 1, 1))]);
}

#[test]
fn a_delta_stands_in_place_of_an_array() {
    use refract_domain::change::{ValueChange, WriteRule};
    let row = |slug: &str, raw: &str| format!("{{\"default\":{{\"{slug}\":{raw}}}}}");
    let delta = |slug: &str, raw: &str| judge(plain(), &row(slug, raw)).map(|good| good.extra.changes);
    let change = |slug: &str, rule, raw_value: &str| {
        vec![ValueChange { slug: slug.to_owned(), rule, raw_value: raw_value.to_owned() }]
    };
    let (append, remove) = (WriteRule::Append, WriteRule::Remove);
    let id = "0b8f2d6e-0000-4000-8000-000000000001";
    for (slug, written, rule, canonical) in [
        ("multi_str", r#"{"_op":"append","values":["a","a",1]}"#.to_owned(), append, r#"["a","1"]"#.to_owned()),
        ("multiselect", r#"{"values":["Blue"],"_op":"remove"}"#.to_owned(), remove, r#"["blue"]"#.to_owned()),
        (
            "emails",
            r#"{"_op":"append","values":["A.b+x@gmail.com"]}"#.to_owned(),
            append,
            r#"["ab@gmail.com"]"#.to_owned(),
        ),
        ("multi_ref", format!(r#"{{"_op":"remove","values":[{{"id":"{id}"}}]}}"#), remove, format!("[\"{id}\"]")),
    ] {
        assert_eq!(delta(slug, &written), Ok(change(slug, rule, &canonical)), "{written}");
    }
    assert_eq!(delta("multi_str", r#"{"_op":"append","values":[]}"#), Ok(Vec::new()), "nothing comes");
    for bad in [
        r#"{"_op":"replace","values":["a"]}"#,
        r#"{"_op":"append"}"#,
        r#"{"_op":"append","values":"a"}"#,
        r#"{"_op":"append","values":["a"],"more":1}"#,
        r#"{"_op":"append","values":[["a"]]}"#,
        r#"{"values":["a"]}"#,
    ] {
        let invalid = [("default.multi_str".to_owned(), RowCode::InvalidValue)];
        assert_eq!(faults(plain(), &row("multi_str", bad)), invalid, "{bad}");
    }
    for slug in ["str", "num", "ref"] {
        let written = r#"{"_op":"append","values":["a"]}"#;
        assert_eq!(faults(plain(), &row(slug, written)), [(format!("default.{slug}"), RowCode::InvalidValue)]);
    }
    assert!(judge(plain(), &row("jsonb", r#"{"_op":"append","values":["a"]}"#)).is_ok_and(|good| good.body.len() > 20));
}

#[test]
fn only_what_comes_is_checked_made_and_matched() {
    let id = "0b8f2d6e-0000-4000-8000-000000000001";
    let refers = |op: &str| {
        let row = format!(r#"{{"default":{{"multi_ref":{{"_op":"{op}","values":["{id}"]}}}}}}"#);
        judge(plain(), &row).expect("good").extra.references.len()
    };
    assert_eq!((refers("append"), refers("remove")), (1, 0));
    let making = ImportOptions { create_missing_options: true, ..plain() };
    let option = |op: &str| format!(r#"{{"default":{{"multiselect":{{"_op":"{op}","values":["Green"]}}}}}}"#);
    assert_eq!(judge(making.clone(), &option("append")).expect("good").extra.late.len(), 1);
    assert_eq!(judge(making, &option("remove")).expect("good").extra.late.len(), 1, "made by a row before, perhaps");
    assert_eq!(faults(plain(), &option("remove")), [("default.multiselect".to_owned(), RowCode::InvalidOption)]);
    let keys = |op: &str| {
        let row = format!(r#"{{"default":{{"emails":{{"_op":"{op}","values":["a@x.io"]}}}}}}"#);
        judge(matching_by("emails"), &row).expect("good").match_keys.len()
    };
    assert_eq!((keys("append"), keys("remove")), (1, 0));
}

#[test]
fn what_was_read_can_be_written_back() {
    let id = "0b8f2d6e-0000-4000-8000-000000000001";
    let body = |slug: &str, raw: &str| {
        judge(plain(), &format!("{{\"default\":{{\"{slug}\":{raw}}}}}"))
            .map(|good| good.body)
            .map_err(|faults| faults[0].code)
    };
    let nested = format!(r#"{{"id":"{id}","properties":{{"name":"x"}}}}"#);
    assert_eq!(body("ref", &nested), Ok(format!(r#"{{"ref":"{id}"}}"#)));
    assert_eq!(body("multi_ref", &format!("[{nested},\"{id}\"]")), Ok(format!(r#"{{"multi_ref":["{id}"]}}"#)));
    let address = format!(r#"[{{"id":"{id}","properties":{{"email":"Ada@x.io"}}}}]"#);
    assert_eq!(body("emails", &address), Ok(r#"{"emails":["ada@x.io"]}"#.to_owned()));
    for (slug, bad) in
        [("ref", r#"{"id":1}"#), ("ref", "{}"), ("emails", r#"[{"id":"x"}]"#), ("multi_ref", r#"[{"id":"x"}]"#)]
    {
        assert_eq!(body(slug, bad), Err(RowCode::InvalidValue), "{bad}");
    }
}
