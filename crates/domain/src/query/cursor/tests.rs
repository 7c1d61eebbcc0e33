//! Cursors come back as they were made, and are good for nothing else.

use proptest::prelude::*;

use super::super::{Filter, Leaf, Operand, Path, Pattern, Scope, SortKey, Start, Test};
use super::*;
use crate::ids::ListId;
use crate::object_type::ObjectType;
use crate::property::PropertyType;

fn signer(secret: u8, team: u8) -> CursorSigner {
    CursorSigner::new(&KeyHasher::new([secret; 16]), TeamId::from_bytes([team; 16]))
}

fn path(slug: &str) -> Path {
    let leaf = Leaf::Property { scope: Scope::Workspace, slug: slug.to_owned(), property_type: PropertyType::Str };
    Path { hops: Vec::new(), leaf }
}

fn key(slug: &str, descending: bool) -> SortKey {
    SortKey { path: path(slug), descending }
}

fn query(sort: Vec<SortKey>) -> RecordQuery {
    RecordQuery {
        object_type: ObjectType::Contact,
        filter: Filter::Where(path("email"), Test::Is(Operand::Text("a".to_owned()))),
        ids: None,
        list_id: None,
        with_deleted: false,
        sort,
        start: Start::First,
        limit: 7,
        count_total: false,
    }
}

fn position() -> Position {
    let values = vec![Some(SortValue::Text("oslo".to_owned())), None];
    Position { values, id: RecordId::from_bytes([9; 16]) }
}

fn sort_value() -> impl Strategy<Value = Option<SortValue>> {
    prop_oneof![
        Just(None),
        any::<bool>().prop_map(|truth| Some(SortValue::Bool(truth))),
        "\\PC{0,300}".prop_map(|text| Some(SortValue::Text(text))),
        any::<i64>().prop_map(|number| Some(SortValue::Number(number.to_string()))),
    ]
}

#[test]
fn what_is_asked_is_signed_and_what_is_shown_is_not() {
    let asked = query(vec![key("city", false), key("name", true)]);
    let cursor = signer(1, 1).sign(&asked, &position());
    let opens = |other: &RecordQuery| signer(1, 1).open(&cursor, other).is_some();
    let shown_otherwise = RecordQuery { limit: 50, start: Start::Offset(9), count_total: true, ..asked.clone() };
    assert_eq!(signer(1, 1).open(&cursor, &shown_otherwise), Some(Opened { limit: 7, position: position() }));

    let filter = |test: Test| Filter::Where(path("email"), test);
    let text = |text: &str| Operand::Text(text.to_owned());
    let others = [
        RecordQuery { object_type: ObjectType::Identity, ..asked.clone() },
        RecordQuery { ids: Some(Vec::new()), ..asked.clone() },
        RecordQuery { ids: Some(vec![RecordId::from_bytes([1; 16])]), ..asked.clone() },
        RecordQuery { list_id: Some(ListId::from_bytes([1; 16])), ..asked.clone() },
        RecordQuery { with_deleted: true, ..asked.clone() },
        RecordQuery { sort: Vec::new(), ..asked.clone() },
        RecordQuery { sort: vec![key("name", true), key("city", false)], ..asked.clone() },
        RecordQuery { sort: vec![key("city", true), key("name", true)], ..asked.clone() },
        RecordQuery { filter: Filter::All(Vec::new()), ..asked.clone() },
        RecordQuery { filter: filter(Test::Is(text("b"))), ..asked.clone() },
        RecordQuery { filter: filter(Test::Is(Operand::Instant("a".to_owned()))), ..asked.clone() },
        RecordQuery { filter: filter(Test::OneOf(vec![text("a")])), ..asked.clone() },
        RecordQuery { filter: filter(Test::Contains("a".to_owned())), ..asked.clone() },
        RecordQuery { filter: filter(Test::Matches(Pattern::parse("a").expect("a pattern"))), ..asked.clone() },
        RecordQuery { filter: filter(Test::Present), ..asked.clone() },
        RecordQuery { filter: Filter::Not(Box::new(asked.filter.clone())), ..asked.clone() },
        RecordQuery { filter: Filter::Any(vec![asked.filter.clone()]), ..asked.clone() },
        RecordQuery { filter: Filter::Where(path("emai"), Test::Is(text("la"))), ..asked.clone() },
    ];
    assert!(opens(&asked));
    for other in &others {
        assert!(!opens(other), "{other:?}");
    }
    for foreign in [signer(2, 1), signer(1, 2)] {
        assert_eq!(foreign.open(&cursor, &asked), None);
    }
}

#[test]
fn a_cursor_fits_a_uri() {
    let long = Some(SortValue::Text("x".repeat(crate::limits::SORT_TEXT_CHARS_MAX)));
    let asked = query((0..8).map(|_| key("city", false)).collect());
    let cursor = signer(1, 1).sign(&asked, &Position { values: vec![long; 8], id: RecordId::from_bytes([9; 16]) });
    assert!(cursor.len() < 4_096, "{}", cursor.len());
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
}

proptest! {
    #[test]
    fn a_cursor_comes_back(values in prop::collection::vec(sort_value(), 0..9), id: [u8; 16], limit in 1..=50_u32) {
        let asked = RecordQuery { limit, ..query(values.iter().map(|_| key("city", false)).collect()) };
        let place = Position { values, id: RecordId::from_bytes(id) };
        let cursor = signer(1, 1).sign(&asked, &place);
        prop_assert_eq!(signer(1, 1).open(&cursor, &asked), Some(Opened { limit, position: place }));
    }

    #[test]
    fn no_changed_bit_is_let_pass(place: prop::sample::Index, bit in 0..8_u32, cut: prop::sample::Index) {
        let asked = query(vec![key("city", false), key("name", true)]);
        let cursor = signer(1, 1).sign(&asked, &position());
        let mut bytes = base64url::decode(&cursor).expect("a cursor");
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(signer(1, 1).open(&base64url::encode(&bytes), &asked), None);
        prop_assert_eq!(signer(1, 1).open(&cursor[..cut.index(cursor.len())], &asked), None);
    }

    #[test]
    fn nothing_made_up_is_a_cursor(made_up in "[A-Za-z0-9_-]{0,80}|\\PC{0,20}") {
        prop_assert_eq!(signer(1, 1).open(&made_up, &query(Vec::new())), None);
    }

    /// Signed by us, so that the reading behind the signature is reached.
    #[test]
    fn no_signed_bytes_make_it_panic(said in prop::collection::vec(any::<u8>(), 0..60), sorts in 0..3_usize) {
        let asked = query((0..sorts).map(|_| key("city", false)).collect());
        let signature = signer(1, 1).signature(&asked, &said);
        let whole = [said.as_slice(), &signature].concat();
        drop(signer(1, 1).open(&base64url::encode(&whole), &asked));
    }
}
