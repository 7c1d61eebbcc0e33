//! What filters mean, and the order of places, on records that are written out.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::super::{Hop, Pattern, Position, SortKey, SortValue, compare, position_of};
use super::*;
use crate::clock::Timestamp;
use crate::ids::ListId;

const LIST: ListId = ListId(uuid::Uuid::from_u128(5));

fn record(id: u8, object_type: ObjectType, body: &str) -> Record {
    Record {
        id: RecordId::from_bytes([id; 16]),
        object_type,
        version: 1,
        created_at: Timestamp(-1_500),
        updated_at: Timestamp(2_000),
        body: body.to_owned(),
    }
}

fn leaf(scope: Scope, slug: &str, property_type: PropertyType) -> Path {
    Path { hops: Vec::new(), leaf: Leaf::Property { scope, slug: slug.to_owned(), property_type } }
}

fn own(slug: &str, property_type: PropertyType) -> Path {
    leaf(Scope::Workspace, slug, property_type)
}

fn behind(slug: &str, multiple: bool, rest: Path) -> Path {
    let hop = Hop { scope: Scope::Workspace, slug: slug.to_owned(), multiple, target: ObjectType::Organization };
    Path { hops: [vec![hop], rest.hops].concat(), leaf: rest.leaf }
}

fn text(text: &str) -> Operand {
    Operand::Text(text.to_owned())
}

/// Whether a test passes for a contact of this body, beside the organizations 1 ("Acme", hidden where asked) and 2.
fn passes_with(body: &str, path: Path, test: Test, acme_is_live: bool) -> bool {
    let contact = record(9, ObjectType::Contact, body);
    let acme = record(1, ObjectType::Organization, r#"{"name":"Acme"}"#);
    let other = record(2, ObjectType::Organization, r#"{"name":"Other"}"#);
    let stranger = record(3, ObjectType::Identity, r#"{"name":"Acme"}"#);
    let there: Vec<&Record> =
        [&acme, &other, &stranger].into_iter().filter(|one| acme_is_live || one.id != acme.id).collect();
    let live = |id: RecordId| there.iter().copied().find(|record| record.id == id);
    let facts = Facts { record: &contact, list_values: Some(r#"{"app_stage":"lead"}"#) };
    holds(&Filter::Where(path, test), &facts, &live)
}

fn passes_on(body: &str, path: Path, test: Test) -> bool {
    passes_with(body, path, test, true)
}

#[test]
fn values_are_compared_in_their_type() {
    let is = |number: &str| Test::Is(Operand::Number(number.to_owned()));
    let num = || own("n", PropertyType::Num);
    assert!(passes_on(r#"{"n":9007199254740993}"#, num(), is("9007199254740993")));
    assert!(!passes_on(r#"{"n":9007199254740992}"#, num(), is("9007199254740993")));
    assert!(!passes_on(r#"{"n":"5"}"#, own("n", PropertyType::Str), is("5")), "kinds differ");
    let instant = |date: &str| Operand::Instant(instant_order_text(date).expect("a date"));
    let date = || own("d", PropertyType::Date);
    assert!(passes_on(r#"{"d":"2026-01-01T01:00:00+01:00"}"#, date(), Test::Is(instant("2026-01-01"))));
    let between = || Test::Between(instant("2026-01-01"), instant("2026-01-02"));
    assert!(passes_on(r#"{"d":"2026-01-02"}"#, date(), between()));
    assert!(!passes_on(r#"{"d":"2026-01-02T00:00:00.001Z"}"#, date(), between()));
    let bool_path = || own("b", PropertyType::Bool);
    assert!(passes_on(r#"{"b":false}"#, bool_path(), Test::Is(Operand::Bool(false))));
    let created = Path { hops: Vec::new(), leaf: Leaf::CreatedAt };
    let before = Test::Ordered { above: false, or_equal: false, bound: Operand::Number("-1499.5".to_owned()) };
    assert!(passes_on("{}", created, before));
}

#[test]
fn text_is_exact_unless_it_is_searched() {
    let path = || own("t", PropertyType::Text);
    let body = r#"{"t":"Zürich \"Old\" Town"}"#;
    assert!(!passes_on(body, path(), Test::Is(text("zürich \"old\" town"))));
    assert!(passes_on(body, path(), Test::Contains("zürich \"old".to_owned())));
    assert!(passes_on(body, path(), Test::BeginsWith("zü".to_owned())));
    assert!(passes_on(body, path(), Test::EndsWith("town".to_owned())));
    let matches = |pattern: &str| Test::Matches(Pattern::parse(pattern).expect("a pattern"));
    assert!(passes_on(body, path(), matches("^Z.*Town$")));
    assert!(!passes_on(body, path(), matches("^z")), "a pattern sees the text as it is");
    let above = Test::Ordered { above: true, or_equal: false, bound: text("Zz") };
    assert!(passes_on(body, path(), above), "byte by byte, ü comes after z");
    assert!(passes_on(r#"{"t":""}"#, path(), Test::Present));
}

#[test]
fn of_several_values_one_is_enough() {
    let path = || own("tags", PropertyType::MultiselectStr);
    assert!(passes_on(r#"{"tags":["a","b"]}"#, path(), Test::Is(text("b"))));
    assert!(!passes_on(r#"{"tags":["a","b"]}"#, path(), Test::OneOf(vec![text("c"), text("ab")])));
    assert!(!passes_on(r#"{"tags":["a"]}"#, path(), Test::OneOf(Vec::new())));
    assert!(passes_on("{}", leaf(Scope::List(LIST), "app_stage", PropertyType::SelectStr), Test::Is(text("lead"))));
    assert!(!passes_on(
        r#"{"app_stage":"won"}"#,
        leaf(Scope::List(LIST), "app_stage", PropertyType::SelectStr),
        Test::Is(text("won"))
    ));
}

#[test]
fn references_lead_to_live_records_of_their_type() {
    let id = |number: u8| RecordId::from_bytes([number; 16]).to_string();
    let name = || own("name", PropertyType::Str);
    let one = format!(r#"{{"company":"{}"}}"#, id(1));
    let several = format!(r#"{{"company":["{}","{}"]}}"#, id(1), id(2));
    let acme = || Test::Is(text("Acme"));
    assert!(passes_on(&one, behind("company", false, name()), acme()));
    assert!(passes_on(&several, behind("company", true, name()), acme()));
    assert!(!passes_with(&one, behind("company", false, name()), acme(), false), "hidden");
    assert!(!passes_with(&several, behind("company", true, name()), acme(), false), "hidden");
    let stranger = format!(r#"{{"company":"{}"}}"#, id(3));
    assert!(!passes_on(&stranger, behind("company", false, name()), acme()), "of another type");
    let reference = own("company", PropertyType::Ref(ObjectType::Organization));
    assert!(passes_with(&one, reference, Test::Is(text(&id(1))), false), "the id is there, whoever it leads to");
}

#[test]
fn numbers_have_one_exact_order() {
    let ascending = [
        "-1e300",
        "-9223372036854775808",
        "-9007199254740993",
        "-9007199254740992",
        "-1.5",
        "-1",
        "-5e-324",
        "0",
        "5e-324",
        "0.1",
        "1",
        "1.5",
        "4503599627370495.5",
        "4503599627370496",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9.223372036854776e18",
        "1e300",
    ];
    for (place, left) in ascending.iter().enumerate() {
        for (other, right) in ascending.iter().enumerate() {
            assert_eq!(compare_numbers(left, right), place.cmp(&other), "{left} {right}");
        }
    }
}

#[test]
fn places_are_ordered_without_a_value_last() {
    let sort = |descending| [SortKey { path: own("city", PropertyType::Str), descending }];
    let bodies = [r#"{"city":"b"}"#, "{}", r#"{"city":"A"}"#, r#"{"city":"a"}"#];
    let records: Vec<Record> = (1..).zip(bodies).map(|(id, body)| record(id, ObjectType::Contact, body)).collect();
    let ordered = |descending: bool| {
        let sort = sort(descending);
        let place = |record| position_of(&sort, &Facts { record, list_values: None }, &|_| None);
        let mut places: Vec<Position> = records.iter().map(place).collect();
        places.sort_by(|left, right| compare(&sort, left, right));
        places.iter().map(|place| place.id.as_bytes()[0]).collect::<Vec<_>>()
    };
    assert_eq!(ordered(false), [3, 4, 1, 2], "ties go by id");
    assert_eq!(ordered(true), [1, 3, 4, 2], "by id, ascending, also here");
}

#[test]
fn only_the_beginning_of_a_text_orders() {
    let sort = [SortKey { path: own("t", PropertyType::Text), descending: false }];
    let long = record(1, ObjectType::Contact, &format!(r#"{{"t":"{}"}}"#, "É".repeat(1_000)));
    let place = position_of(&sort, &Facts { record: &long, list_values: None }, &|_| None);
    assert_eq!(place.values, [Some(SortValue::Text("é".repeat(crate::limits::SORT_TEXT_CHARS_MAX)))]);
}

fn sort_value() -> impl Strategy<Value = Option<SortValue>> {
    prop_oneof![
        Just(None),
        "[aAbé]{0,2}".prop_map(|text| Some(SortValue::Text(text))),
        (-3..3_i64).prop_map(|number| Some(SortValue::Number(number.to_string()))),
        (-3..3_i32).prop_map(|number| Some(SortValue::Number(format!("{number}.5")))),
        any::<bool>().prop_map(|truth| Some(SortValue::Bool(truth))),
    ]
}

fn place() -> impl Strategy<Value = Position> {
    (prop::collection::vec(sort_value(), 2), 0..3_u8)
        .prop_map(|(values, id)| Position { values, id: RecordId::from_bytes([id; 16]) })
}

proptest! {
    #[test]
    fn the_order_is_total(a in place(), b in place(), c in place(), first: bool, second: bool) {
        let path = || own("t", PropertyType::Text);
        let sort = [SortKey { path: path(), descending: first }, SortKey { path: path(), descending: second }];
        let order = |left: &Position, right: &Position| compare(&sort, left, right);
        prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
        prop_assert_eq!(order(&a, &a), Ordering::Equal);
        if order(&a, &b).is_le() && order(&b, &c).is_le() {
            prop_assert!(order(&a, &c).is_le());
        }
    }

    #[test]
    fn no_body_makes_it_panic(body in "\\PC{0,30}|[\\[\\]{}\",:a-c0-9.]{0,30}", multiple: bool) {
        for property_type in [PropertyType::Num, PropertyType::Date, PropertyType::Text, PropertyType::MultiStr] {
            let test = Test::Ordered { above: true, or_equal: true, bound: Operand::Number("1".to_owned()) };
            passes_on(&body, own("a", property_type), test);
            passes_on(&body, behind("a", multiple, own("name", property_type)), Test::Present);
        }
    }
}
