//! What callers send and what it becomes, or why it is refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::fault::{QueryCode, QueryFault};
use super::super::{CursorSigner, Filter, Hop, Leaf, Operand, Path, QueryContext, Scope, SortKey, Start, Test};
use super::Asked;
use crate::ids::{RecordId, TeamId};
use crate::import::judge::fuzz::{EVERY_TYPE, LIST, schema_of_every_type};
use crate::key::KeyHasher;
use crate::object_type::ObjectType;
use crate::property::PropertyType;

const ID: &str = "0b8f2d6e-0000-4000-8000-000000000001";

fn with_context<T>(use_it: impl FnOnce(&QueryContext<'_>) -> T) -> T {
    let schema = schema_of_every_type();
    let cursors = CursorSigner::new(&KeyHasher::new([7; 16]), TeamId::from_bytes([1; 16]));
    use_it(&QueryContext { schema: &schema, object_type: ObjectType::Contact, cursors: &cursors })
}

fn body(body: &str) -> Result<Asked, QueryFault> {
    with_context(|context| context.read_body(body))
}

fn list(parameters: &[(&str, &str)]) -> Result<Asked, QueryFault> {
    with_context(|context| context.read_list(parameters.iter().copied()))
}

/// What is asked with these members in `query`.
fn query(members: Value) -> Result<Asked, QueryFault> {
    let mut query = json!({"select": []});
    for (name, value) in members.as_object().expect("an object") {
        query[name] = value.clone();
    }
    body(&json!({ "query": query }).to_string())
}

fn filter(entries: Value) -> Filter {
    query(json!({ "filter": entries })).expect("a filter").query.filter
}

fn refused<T: std::fmt::Debug>(asked: Result<T, QueryFault>) -> (QueryCode, String) {
    let fault = asked.expect_err("it should be refused");
    (fault.code, fault.field)
}

fn own(slug: &str) -> Path {
    let property_type = EVERY_TYPE.iter().find(|(known, _)| *known == slug).expect("a slug").1;
    let leaf = Leaf::Property { scope: Scope::Workspace, slug: slug.to_owned(), property_type };
    Path { hops: Vec::new(), leaf }
}

fn when(slug: &str, test: Test) -> Filter {
    Filter::Where(own(slug), test)
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn text(text: &str) -> Operand {
    Operand::Text(text.to_owned())
}

#[test]
fn every_operator_becomes_its_test() {
    let number = |number: &str| Operand::Number(number.to_owned());
    let ordered = |above, or_equal| Test::Ordered { above, or_equal, bound: number("5") };
    for (test, expected) in [
        (json!({"str": {"=": "Ada"}}), when("str", Test::Is(text("Ada")))),
        (json!({"str": {"=": ""}}), when("str", Test::Is(text("")))),
        (json!({"str": {"=": 5}}), when("str", Test::Is(text("5")))),
        (json!({"str": {"=": true}}), when("str", Test::Is(text("true")))),
        (json!({"str": {"!=": "Ada"}}), not(when("str", Test::Is(text("Ada"))))),
        (json!({"str": {"=": null}}), not(when("str", Test::Present))),
        (json!({"date": {"!=": ""}}), not(not(when("date", Test::Present)))),
        (json!({"num": {"=": "5.0"}}), when("num", Test::Is(number("5")))),
        (json!({"num": {"<": 5}}), when("num", ordered(false, false))),
        (json!({"num": {"<=": " 5 "}}), when("num", ordered(false, true))),
        (json!({"num": {">": "5e0"}}), when("num", ordered(true, false))),
        (json!({"num": {">=": 5.0}}), when("num", ordered(true, true))),
        (json!({"num": {"between": [1, "2"]}}), when("num", Test::Between(number("1"), number("2")))),
        (json!({"num": {"in": []}}), when("num", Test::OneOf(Vec::new()))),
        (json!({"bool": {"=": "TRUE"}}), when("bool", Test::Is(Operand::Bool(true)))),
        (json!({"select": {"=": "Bright red"}}), when("select", Test::Is(text("red")))),
        (json!({"select": {"in": ["blue", "red"]}}), when("select", Test::OneOf(vec![text("blue"), text("red")]))),
        (json!({"multiselect": {"not_in": ["blue"]}}), not(when("multiselect", Test::OneOf(vec![text("blue")])))),
        (
            json!({"str": {"in": ["a", null]}}),
            Filter::Any(vec![when("str", Test::OneOf(vec![text("a")])), not(when("str", Test::Present))]),
        ),
        (json!({"text": {"contains": "ÅB"}}), when("text", Test::Contains("åb".to_owned()))),
        (
            json!({"text": {"contains": ["A", "b"]}}),
            Filter::Any(vec![
                when("text", Test::Contains("a".to_owned())),
                when("text", Test::Contains("b".to_owned())),
            ]),
        ),
        (json!({"text": {"not_contains": "A"}}), not(when("text", Test::Contains("a".to_owned())))),
        (json!({"multi_str": {"begins_with": "A"}}), when("multi_str", Test::BeginsWith("a".to_owned()))),
        (json!({"str": {"ends_with": "A"}}), when("str", Test::EndsWith("a".to_owned()))),
        (json!({"jsonb": {"exists": true}}), when("jsonb", Test::Present)),
        (json!({"jsonb": {"exists": false}}), not(when("jsonb", Test::Present))),
        (json!({"jsonb": {"not_exists": true}}), not(when("jsonb", Test::Present))),
        (json!({"jsonb": {"not_exists": "false"}}), when("jsonb", Test::Present)),
        (json!({"jsonb": {"is_null": []}}), not(when("jsonb", Test::Present))),
        (json!({"jsonb": {"is_not_null": false}}), when("jsonb", Test::Present)),
        (json!({"emails": {"=": "A.d.a+x@gmail.com"}}), when("emails", Test::Is(text("ada@gmail.com")))),
        (json!({"emails.email": {"=": "a@x.io"}}), when("emails", Test::Is(text("a@x.io")))),
        (json!({"multi_ref": {"in": [ID.to_uppercase()]}}), when("multi_ref", Test::OneOf(vec![text(ID)]))),
        (json!({"multi_ref.id": {"=": ID}}), when("multi_ref", Test::Is(text(ID)))),
    ] {
        assert_eq!(filter(json!([test])), expected, "{test}");
    }
    let pattern = filter(json!([{"str": {"like_regex": "^a+$"}}]));
    assert!(matches!(pattern, Filter::Where(_, Test::Matches(pattern)) if pattern.is_match("aaa")));
}

#[test]
fn dates_are_compared_as_instants_and_creation_by_milliseconds() {
    let same = ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01t02:00:00.000+02:00"];
    let filters: Vec<Filter> = same.iter().map(|date| filter(json!([{"date": {"=": date}}]))).collect();
    assert!(matches!(&filters[0], Filter::Where(_, Test::Is(Operand::Instant(_)))));
    assert!(filters.iter().all(|filter| *filter == filters[0]));
    let bound = |date: &str| match filter(json!([{"created_at": {">": date}}])) {
        Filter::Where(Path { leaf: Leaf::CreatedAt, .. }, Test::Ordered { bound: Operand::Number(bound), .. }) => bound,
        other => panic!("{other:?}"),
    };
    assert_eq!((bound("1970-01-02"), bound("1970-01-01T00:00:00.0019Z")), ("86400000".to_owned(), "1.5".to_owned()));
}

#[test]
fn entries_are_combined_as_asked() {
    let (a, b) = (when("str", Test::Is(text("a"))), when("text", Test::Is(text("b"))));
    let entries = json!([{"str": {"=": "a"}}, {"text": {"=": "b"}}]);
    let combined =
        |combinator: Value| query(json!({"filter": entries, "combinator": combinator})).expect("a query").query.filter;
    assert_eq!(combined(json!("AND")), Filter::All(vec![a.clone(), b.clone()]));
    assert_eq!(combined(Value::Null), Filter::All(vec![a.clone(), b.clone()]));
    assert_eq!(combined(json!("OR")), Filter::Any(vec![a.clone(), b.clone()]));
    // Several slugs in one entry, and several operators on one slug, are all meant, whatever the combinator.
    let one_entry = query(json!({"filter": [{"str": {"=": "a"}, "text": {"=": "b"}}], "combinator": "OR"}));
    assert_eq!(one_entry.expect("a query").query.filter, Filter::All(vec![a.clone(), b]));
    let both = filter(json!([{"str": {"=": "a", "not_in": ["c"]}}]));
    assert_eq!(both, Filter::All(vec![a, not(when("str", Test::OneOf(vec![text("c")])))]));
    let none = query(json!({"filter": [], "combinator": "OR"})).expect("a query").query.filter;
    assert_eq!(none, Filter::All(Vec::new()), "without an entry every record is meant");
}

#[test]
fn paths_lead_through_references_and_lists_win() {
    let hop = |slug: &str, multiple| Hop {
        scope: Scope::Workspace,
        slug: slug.to_owned(),
        multiple,
        target: ObjectType::Organization,
    };
    let path = |written: &str| match filter(json!([{written: {"exists": true}}])) {
        Filter::Where(path, _) => path,
        other => panic!("{other:?}"),
    };
    let name = path("multi_ref.name");
    assert_eq!(name.hops, [hop("multi_ref", true)]);
    assert!(matches!(name.leaf, Leaf::Property { slug, property_type: PropertyType::Str, .. } if slug == "name"));
    assert_eq!(path("ref.updated_at"), Path { hops: vec![hop("ref", false)], leaf: Leaf::UpdatedAt });
    assert_eq!(path("id"), Path { hops: Vec::new(), leaf: Leaf::Id });

    let stage = |list_id: Value| query(json!({"filter": [{"app_stage": {"=": "Lead"}}], "list_id": list_id}));
    let asked = stage(json!(LIST.to_string())).expect("a list").query;
    let leaf = Leaf::Property {
        scope: Scope::List(LIST),
        slug: "app_stage".to_owned(),
        property_type: PropertyType::SelectStr,
    };
    let path = Path { hops: Vec::new(), leaf };
    assert_eq!((asked.list_id, asked.filter), (Some(LIST), Filter::Where(path, Test::Is(text("lead")))));
    assert_eq!(refused(stage(Value::Null)), (QueryCode::UnknownProperty, ".body.query.filter[0].app_stage".to_owned()));
}

#[test]
fn the_envelope_is_read() {
    let whole = json!({"query": {"select": ["id", "str"], "sort": [{"str": "asc"}, {"ref.name": "desc"}], "limit": 10, "page": 3,
        "crm_id": LIST.to_string()}, "id": [ID, ID], "deleted": true, "include_total": true, "boxes": [1], "sources": null});
    let asked = body(&whole.to_string()).expect("a query").query;
    assert_eq!((asked.start, asked.limit, asked.list_id), (Start::Offset(20), 10, Some(LIST)));
    assert_eq!(asked.ids, Some(vec![RecordId::parse(ID).expect("an id")]));
    assert!(asked.with_deleted && asked.count_total);
    assert_eq!(asked.sort.iter().map(|key| key.descending).collect::<Vec<_>>(), [false, true]);
    assert_eq!(asked.sort[0], SortKey { path: own("str"), descending: false });
    let plain = body(r#"{"query":{"select":[]},"cursor":null,"id":null}"#).expect("a query").query;
    assert_eq!((plain.start, plain.limit, plain.ids), (Start::First, 25, None));
    assert_eq!(query(json!({"page": 1})).expect("a query").query.start, Start::First);
}

#[test]
fn what_is_no_query_is_refused_where_it_is_wrong() {
    use QueryCode::{DuplicateKey, InvalidJson, InvalidRequest, QueryTooComplex, RegexTooComplex, UnknownProperty};
    for (sent, code, field) in [
        ("", InvalidJson, ""),
        ("[]", InvalidRequest, ""),
        ("{}", InvalidRequest, ".query"),
        (r#"{"query":null}"#, InvalidRequest, ".query"),
        (r#"{"query":{}}"#, InvalidRequest, ".query.select"),
        (r#"{"query":{"select":"str"}}"#, InvalidRequest, ".query.select"),
        (r#"{"query":{"select":["strr"]}}"#, UnknownProperty, ".query.select[0]"),
        (r#"{"query":{"select":[],"select":[]}}"#, DuplicateKey, ".query.select"),
        (r#"{"query":{"select":[],"filters":[]}}"#, InvalidRequest, ".query.filters"),
        (r#"{"query":{"select":[]},"filter":[]}"#, InvalidRequest, ".filter"),
        (r#"{"query":{"select":[],"filter":{}}}"#, InvalidRequest, ".query.filter"),
        (r#"{"query":{"select":[],"filter":["str"]}}"#, InvalidRequest, ".query.filter"),
        (r#"{"query":{"select":[],"filter":[{"str":"x"}]}}"#, InvalidRequest, ".query.filter[0].str"),
        (r#"{"query":{"select":[],"filter":[{"str":{}}]}}"#, InvalidRequest, ".query.filter[0].str"),
        (r#"{"query":{"select":[],"filter":[{},{"str":{"==":1}}]}}"#, InvalidRequest, ".query.filter[1].str"),
        (r#"{"query":{"select":[],"filter":[{"strr":{"=":1}}]}}"#, UnknownProperty, ".query.filter[0].strr"),
        (r#"{"query":{"select":[],"filter":[{"str.name":{"=":1}}]}}"#, UnknownProperty, ".query.filter[0].str.name"),
        (
            r#"{"query":{"select":[],"filter":[{"a.b.c.d.e.f":{"=":1}}]}}"#,
            QueryTooComplex,
            ".query.filter[0].a.b.c.d.e.f",
        ),
        (r#"{"query":{"select":[],"filter":[{"str":{"=":"\u0000"}}]}}"#, InvalidRequest, ".query.filter[0].str"),
        (r#"{"query":{"select":[],"filter":[{"str":{"=":"\ud800"}}]}}"#, InvalidRequest, ".query.filter[0].str"),
        (r#"{"query":{"select":[],"filter":[{"str":{"in":"x"}}]}}"#, InvalidRequest, ".query.filter[0].str"),
        (r#"{"query":{"select":[],"filter":[{"num":{"between":[1]}}]}}"#, InvalidRequest, ".query.filter[0].num"),
        (r#"{"query":{"select":[],"filter":[{"num":{"<":null}}]}}"#, InvalidRequest, ".query.filter[0].num"),
        (r#"{"query":{"select":[],"filter":[{"num":{"=":1e400}}]}}"#, InvalidRequest, ".query.filter[0].num"),
        (r#"{"query":{"select":[],"filter":[{"str":{"like_regex":"("}}]}}"#, InvalidRequest, ".query.filter[0].str"),
        (
            r#"{"query":{"select":[],"filter":[{"str":{"like_regex":"((a{0,255}){0,255}){0,255}"}}]}}"#,
            RegexTooComplex,
            ".query.filter[0].str",
        ),
        (r#"{"query":{"select":[],"sort":{}}}"#, InvalidRequest, ".query.sort"),
        (r#"{"query":{"select":[],"sort":[{"str":"up"}]}}"#, InvalidRequest, ".query.sort[0].str"),
        (r#"{"query":{"select":[],"sort":[{"multi_str":"asc"}]}}"#, InvalidRequest, ".query.sort[0].multi_str"),
        (
            r#"{"query":{"select":[],"sort":[{"multi_ref.name":"asc"}]}}"#,
            InvalidRequest,
            ".query.sort[0].multi_ref.name",
        ),
        (r#"{"query":{"select":[],"sort":[{"jsonb":"asc"}]}}"#, InvalidRequest, ".query.sort[0].jsonb"),
        (r#"{"query":{"select":[],"sort":[{"byte":"asc"}]}}"#, InvalidRequest, ".query.sort[0].byte"),
        (r#"{"query":{"select":[],"limit":51}}"#, InvalidRequest, ".query.limit"),
        (r#"{"query":{"select":[],"limit":1.5}}"#, InvalidRequest, ".query.limit"),
        (r#"{"query":{"select":[],"limit":-1}}"#, InvalidRequest, ".query.limit"),
        (r#"{"query":{"select":[],"page":0}}"#, InvalidRequest, ".query.page"),
        (r#"{"query":{"select":[],"page":1000001}}"#, InvalidRequest, ".query.page"),
        (r#"{"query":{"select":[],"combinator":"xor"}}"#, InvalidRequest, ".query.combinator"),
        (r#"{"query":{"select":[],"list_id":"sales"}}"#, InvalidRequest, ".query.list_id"),
        (r#"{"query":{"select":[],"crm_id":"0b8f2d6e-0000-4000-8000-000000000001"}}"#, InvalidRequest, ".query.crm_id"),
        (r#"{"query":{"select":[]},"id":["x"]}"#, InvalidRequest, ".id"),
        (r#"{"query":{"select":[]},"deleted":"perhaps"}"#, InvalidRequest, ".deleted"),
        (r#"{"query":{"select":[]},"cursor":"AAAA"}"#, InvalidRequest, ".cursor"),
        (r#"{"query":{"select":[],"cursor":"AAAA"}}"#, InvalidRequest, ".query.cursor"),
    ] {
        assert_eq!(refused(body(sent)), (code, format!(".body{field}")), "{sent}");
    }
}

#[test]
fn limits_are_where_they_are_said_to_be() {
    let conditions = |count: usize| query(json!({"filter": vec![json!({"str": {"=": "x"}}); count]}));
    assert!(conditions(50).is_ok());
    assert_eq!(refused(conditions(51)).0, QueryCode::QueryTooComplex);
    let parts = |count: usize| query(json!({"filter": [{"str": {"contains": vec!["x"; count]}}]}));
    assert!(parts(50).is_ok());
    assert_eq!(refused(parts(51)).0, QueryCode::QueryTooComplex);
    let sorts = |count: usize| query(json!({"sort": vec![json!({"str": "asc"}); count]}));
    assert!(sorts(8).is_ok());
    assert_eq!(refused(sorts(9)).0, QueryCode::QueryTooComplex);
    for operator in ["in", "not_in"] {
        let values = |count: usize| query(json!({"filter": [{"str": {operator: vec!["x"; count]}}]}));
        assert!(values(1_000).is_ok());
        assert_eq!(refused(values(1_001)).0, QueryCode::TooManyValues);
    }
    let ids = |count: usize| body(&json!({"query": {"select": []}, "id": vec![ID; count]}).to_string());
    assert!(ids(1_000).is_ok());
    assert_eq!(refused(ids(1_001)).0, QueryCode::TooManyValues);
}

#[test]
fn refusals_say_what_would_do() {
    let message = |entry: Value| query(json!({"filter": [entry]})).expect_err("refused").message;
    assert_eq!(message(json!({"strr": {"=": 1}})), r#"contact has no property "strr"; did you mean "str"?"#);
    assert_eq!(message(json!({"num": {"<": "many"}})), r#""num" (num): "<" takes a number, not "many""#,);
    assert_eq!(
        message(json!({"select": {"=": "redd"}})),
        r#""select" (select_str): "=" takes an option, and "redd" is none; did you mean "red"?"#,
    );
    assert_eq!(
        message(json!({"bool": {"<": true}})),
        r#""bool" (bool): "<" does not go with true or false, which takes = != in not_in exists not_exists is_null is_not_null"#,
    );
    let unknown = message(json!({"str": {"equals": 1}}));
    assert!(unknown.starts_with(r#"there is no operator "equals"; operators are = != <"#), "{unknown}");
    assert!(message(json!({"str": {"like_regex": "a{2,1}"}})).contains("repetition"), "the reason is named");
}

#[test]
fn a_list_is_a_query_in_short() {
    let asked =
        list(&[("limit", "1000"), ("sort", "-str, num"), ("deleted", "true"), ("include_total", "1"), ("select", "")]);
    let asked = asked.expect("a list");
    assert_eq!((asked.query.limit, asked.query.with_deleted, asked.query.count_total), (50, true, true));
    let keys: Vec<_> = asked.query.sort.iter().map(|key| (key.path.clone(), key.descending)).collect();
    assert_eq!(keys, [(own("str"), true), (own("num"), false)]);
    assert_eq!(asked.selection, super::super::Selection::All);
    let is = |slug: &str, values: &[&str]| {
        let mut operands: Vec<Operand> = values.iter().map(|value| text(value)).collect();
        let test = if operands.len() == 1 { Test::Is(operands.remove(0)) } else { Test::OneOf(operands) };
        Filter::All(vec![when(slug, test)])
    };
    for (parameters, expected) in [
        (vec![("str", "a, b")], is("str", &["a, b", "a", "b"])),
        (vec![("str", "a"), ("str", "b")], is("str", &["a", "b"])),
        (vec![("str[]", "a"), ("str", "b")], is("str", &["a", "b"])),
        (vec![("str[]", "a"), ("str", "")], is("str", &["a"])),
        (vec![("select", "str"), ("multiselect", "red,Blue")], is("multiselect", &["red", "blue"])),
    ] {
        assert_eq!(list(&parameters).map(|asked| asked.query.filter), Ok(expected), "{parameters:?}");
    }
    let in_list = list(&[("crmId", &LIST.to_string()), ("app_stage", "lead,won")]).expect("a list").query;
    assert_eq!(in_list.list_id, Some(LIST));
    assert!(
        matches!(in_list.filter, Filter::All(parts) if matches!(&parts[..], [Filter::Where(_, Test::OneOf(two))] if two.len() == 2))
    );
}

#[test]
fn a_list_that_is_none_is_refused() {
    use QueryCode::{InvalidRequest, QueryTooComplex, UnknownProperty};
    for (name, value, code) in [
        ("emial", "x", UnknownProperty),
        ("sort", "strr", UnknownProperty),
        ("select", "strr", UnknownProperty),
        ("sort", "multiselect", InvalidRequest),
        ("sort", "str,str,str,str,str,str,str,str,str", QueryTooComplex),
        ("limit", "0", InvalidRequest),
        ("limit", "-1", InvalidRequest),
        ("limit", "x", InvalidRequest),
        ("limit", "1.5", InvalidRequest),
        ("deleted", "perhaps", InvalidRequest),
        ("cursor", "nonsense", InvalidRequest),
        ("list_id", "sales", InvalidRequest),
        ("list_id", ID, InvalidRequest),
        ("date", "soon", InvalidRequest),
        ("multiselect", "red,green", InvalidRequest),
    ] {
        assert_eq!(refused(list(&[(name, value)])), (code, format!(".query.{name}")), "{name}={value}");
    }
    assert_eq!(list(&[("limit", "99999999999999999999")]).map(|asked| asked.query.limit), Ok(50));
}

/// JSON of any shape, in which names that mean something are frequent.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "query",
        "select",
        "filter",
        "sort",
        "limit",
        "page",
        "cursor",
        "id",
        "deleted",
        "list_id",
        "combinator",
        "str",
        "num",
        "ref.name",
        "multi_ref.id",
        "emails.email",
        "created_at",
        "=",
        "in",
        "between",
        "like_regex",
        "contains",
        "asc",
        "OR",
        "",
        "a.b.c.d.e.f",
        ".",
        "[é",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        let name = prop_oneof![4 => words.clone().prop_map(str::to_owned), 1 => "\\PC{0,5}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(sent in any_json(), cut in 0..400_usize) {
        let whole = sent.to_string();
        let cut_short: String = whole.chars().take(cut).collect();
        for text in [&whole, &cut_short] {
            if let Err(fault) = body(text) {
                prop_assert!(fault.field.starts_with(".body") && !fault.message.is_empty());
            }
        }
    }

    #[test]
    fn no_query_makes_it_panic(filter in any_json(), sort in any_json(), select in any_json(), limit in any_json()) {
        drop(body(&json!({"query": {"select": select, "filter": [filter], "sort": [sort], "limit": limit}}).to_string()));
    }

    #[test]
    fn any_test_of_any_type_is_read_or_refused_by_its_name(
        place in 0..EVERY_TYPE.len(),
        operator in prop::sample::select(vec!["=", "!=", "<", "in", "between", "contains", "ends_with", "like_regex", "exists", "is_null", "x"]),
        operand in any_json(),
    ) {
        let slug = EVERY_TYPE[place].0;
        if let Err(fault) = query(json!({"filter": [{slug: {operator: operand}}]})) {
            prop_assert!(fault.field.starts_with(&format!(".body.query.filter[0].{slug}")), "{fault}");
        }
    }

    #[test]
    fn no_parameter_makes_it_panic(parameters in prop::collection::vec(("[a-z_\\[\\].]{0,9}|\\PC{0,4}|sort|limit|str|num", "\\PC{0,9}|-?[a-z,]{0,9}"), 0..5)) {
        let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        drop(list(&parameters));
    }
}
