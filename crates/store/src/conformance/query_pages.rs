//! `query_records`: orders, pages, totals, and what narrows a query down.

use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Deal, Organization};
use refract_domain::property::PropertyType::{Bool, Date, MultiStr, Num, Ref, SelectStr, Str};
use refract_domain::query::{Filter, Leaf, Operand, Path, Position, RecordQuery, SortKey, SortValue, Start, Test};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, behind, by_property, every, instant, property, row, text, those};

async fn made(world: &World, values: &[Value]) -> Vec<RecordId> {
    let rows: Vec<Value> = values.iter().cloned().map(row).collect();
    let import = world.inline(Contact, &ImportOptions::default(), &rows).await;
    (0..rows.len()).map(|place| import.id(place)).collect()
}

fn city(name: &str) -> Filter {
    Filter::Where(property("city", Str), Test::Is(text(name)))
}

/// By ids, whoever gave them, on pages of any size and from any place.
pub async fn without_a_sort_ids_ascend(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut ids = made(&world, &vec![json!({ "city": "Oslo" }); 7]).await;
    assert!(ids.is_sorted());
    assert_eq!(world.all_pages(&every(Contact)).await, ids);
    let given = [
        RecordId::from_bytes([0; 16]),
        RecordId::from_bytes([0xff; 16]),
        RecordId::parse("01990000-0000-7000-8000-000000000001").unwrap(),
        RecordId(world.ids.next()),
        RecordId(world.ids.next()),
        RecordId(world.ids.next()),
    ];
    let rows: Vec<Value> =
        given.iter().map(|id| json!({ "id": id.to_string(), "default": { "city": "Oslo" } })).collect();
    world.inline(Contact, &ImportOptions::default(), &rows).await;
    ids.extend(made(&world, &vec![json!({ "city": "Oslo" }); 3]).await);
    ids.extend(given);
    ids.sort_unstable();
    for limit in [1, 4, 50] {
        for filter in [Filter::All(Vec::new()), city("Oslo")] {
            let mut query = RecordQuery { limit, ..those(Contact, filter) };
            assert_eq!(world.all_pages(&query).await, ids, "{query:?}");
            query.ids = Some(ids.clone());
            assert_eq!(world.all_pages(&query).await, ids, "{query:?}");
        }
    }
    for (place, id) in ids.iter().enumerate() {
        let start = Start::After(Position { values: Vec::new(), id: *id });
        assert_eq!(world.all_pages(&RecordQuery { start, ..every(Contact) }).await, ids[place + 1..]);
    }
}

/// Each type by its own order, those without a value last in both directions, ties by id, upwards.
pub async fn records_without_a_value_come_last(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = r#"[{"name":"b","value":2,"close_date":"2026-01-02"},{"name":"B","value":10,"close_date":"2026-01-01T23:00:00-02:00"},
        {"name":"a"},{"name":"Ä","value":-1.5,"status":"won","close_date":"2026-01-01"},{"value":2,"status":"lead"},{}]"#;
    let rows: Vec<Value> = serde_json::from_str::<Vec<Value>>(rows).unwrap().into_iter().map(row).collect();
    let import = world.inline(Deal, &ImportOptions::default(), &rows).await;
    let ids: Vec<RecordId> = (0..rows.len()).map(|place| import.id(place)).collect();
    let expected = [
        ("name", Str, [2, 0, 1, 3, 4, 5], [3, 0, 1, 2, 4, 5]),
        ("value", Num, [3, 0, 4, 1, 2, 5], [1, 0, 4, 3, 2, 5]),
        ("close_date", Date, [3, 0, 1, 2, 4, 5], [1, 0, 3, 2, 4, 5]),
        ("status", SelectStr, [4, 3, 0, 1, 2, 5], [3, 4, 0, 1, 2, 5]),
    ];
    for (slug, property_type, ascending, descending) in expected {
        for (places, is_descending) in [(ascending, false), (descending, true)] {
            for limit in [1, 2, 50] {
                let sort = vec![by_property(slug, property_type, is_descending)];
                let query = RecordQuery { sort, limit, ..every(Deal) };
                assert_eq!(world.all_pages(&query).await, places.map(|place| ids[place]), "{query:?}");
            }
        }
    }
}

/// Several keys, each in its own direction.
pub async fn sort_keys_may_differ_in_direction(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut values = Vec::new();
    for number in 0..24 {
        let mut value = json!({});
        if number % 4 > 0 {
            value["city"] = Value::from(["Oslo", "oslo", "Rome"][number % 3]);
        }
        if number % 3 > 0 {
            value["full_name"] = Value::from((number % 5).to_string());
        }
        values.push(value);
    }
    let ids = made(&world, &values).await;
    for (first, second) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut expected: Vec<usize> = (0..values.len()).collect();
        expected.sort_by_key(|place| ids[*place]);
        for (slug, descending) in [("full_name", second), ("city", first)] {
            expected.sort_by(|left, right| {
                let of = |place: &usize| values[*place][slug].as_str().map(str::to_lowercase);
                match (of(left), of(right)) {
                    (Some(left), Some(right)) if descending => right.cmp(&left),
                    (Some(left), Some(right)) => left.cmp(&right),
                    (left, right) => left.is_none().cmp(&right.is_none()),
                }
            });
        }
        let expected: Vec<RecordId> = expected.into_iter().map(|place| ids[place]).collect();
        let sort = vec![by_property("city", Str, first), by_property("full_name", Str, second)];
        for limit in [1, 5, 50] {
            let query = RecordQuery { sort: sort.clone(), limit, ..every(Contact) };
            assert_eq!(world.all_pages(&query).await, expected, "{query:?}");
        }
        let passed_over = RecordQuery { sort, start: Start::Offset(20), ..every(Contact) };
        assert_eq!(world.all_pages(&passed_over).await, expected[20..]);
    }
}

/// By what a reference leads to, and by times and truths.
pub async fn orders_lead_through_references(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let orgs =
        [json!({ "name": "beta", "is_customer": true }), json!({ "name": "Alpha", "is_customer": false })].map(row);
    let import = world.inline(Organization, &ImportOptions::default(), &orgs).await;
    let values =
        [json!({ "company": import.id(0).to_string() }), json!({}), json!({ "company": import.id(1).to_string() })];
    let ids = made(&world, &values).await;
    let company = |slug, property_type| behind("company", Ref(Organization), property(slug, property_type));
    let order = |path: Path, descending| RecordQuery { sort: vec![SortKey { path, descending }], ..every(Contact) };
    let places = async |query: RecordQuery| {
        let page = world.page(&query).await;
        let place = |id: RecordId| ids.iter().position(|own| *own == id).unwrap();
        page.records.iter().map(|found| place(found.record.id)).collect::<Vec<_>>()
    };
    assert_eq!(places(order(company("name", Str), false)).await, [2, 0, 1]);
    assert_eq!(places(order(company("name", Str), true)).await, [0, 2, 1]);
    assert_eq!(places(order(company("is_customer", Bool), false)).await, [2, 0, 1]);
    let mut after_beta = order(company("name", Str), true);
    after_beta.start = Start::After(Position { values: vec![Some(SortValue::Text("beta".into()))], id: ids[0] });
    assert_eq!(places(after_beta).await, [2, 1]);
    world.tick();
    world.patch(Contact, ids[1], &json!({ "city": "Oslo" })).await;
    let updated_at = Path { hops: Vec::new(), leaf: Leaf::UpdatedAt };
    assert_eq!(places(order(updated_at, true)).await, [1, 0, 2]);
    let id = Path { hops: Vec::new(), leaf: Leaf::Id };
    assert_eq!(places(order(id, true)).await, [2, 1, 0]);
}

/// A page goes on after its place: nothing twice, nothing passed over, also when the record at the place is gone.
pub async fn a_page_goes_on_after_its_place(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values: Vec<Value> = (0..9).map(|number| json!({ "city": format!("c{}", number % 3) })).collect();
    let ids = made(&world, &values).await;
    for sort in [Vec::new(), vec![by_property("city", Str, true)]] {
        let mut query = RecordQuery { sort, limit: 4, ..every(Contact) };
        let all = world.all_pages(&RecordQuery { limit: 50, ..query.clone() }).await;
        let first = world.page(&query).await;
        assert!(first.has_more);
        query.start = Start::After(super::fixture::place_of(&query.sort, &first.records[3]));
        let next: Vec<RecordId> = world.page(&query).await.records.iter().map(|found| found.record.id).collect();
        assert_eq!(next, all[4..8]);
        // The record at the place is changed, and one before it hidden: what follows stays.
        world.patch(Contact, all[3], &json!({ "city": "zz" })).await;
        world.delete(Contact, all[0]).await;
        let then: Vec<RecordId> = world.page(&query).await.records.iter().map(|found| found.record.id).collect();
        assert_eq!(then, next);
    }
    assert_eq!(world.count(Contact).await, ids.len() as u64 - 2);
}

/// The total counts all pages and is the same on each; without being asked for there is none.
pub async fn a_total_counts_all_pages(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values: Vec<Value> =
        (0..12).map(|number| json!({ "city": if number % 2 == 0 { "Oslo" } else { "Rome" } })).collect();
    let ids = made(&world, &values).await;
    let mut query = RecordQuery { limit: 2, count_total: true, ..those(Contact, city("Oslo")) };
    for start in [Start::First, Start::Offset(3), Start::After(Position { values: Vec::new(), id: ids[6] })] {
        query.start = start;
        assert_eq!(world.page(&query).await.total, Some(6), "{query:?}");
    }
    query.filter = Filter::All(Vec::new());
    assert_eq!(world.page(&query).await.total, Some(12));
    world.delete(Contact, ids[0]).await;
    assert_eq!(world.page(&query).await.total, Some(11));
    query.ids = Some(ids[..3].to_vec());
    assert_eq!(world.page(&query).await.total, Some(2));
    query.with_deleted = true;
    assert_eq!(world.page(&query).await.total, Some(3));
    query.ids = None;
    assert_eq!(world.page(&query).await.total, Some(12));
    query.count_total = false;
    assert_eq!(world.page(&query).await.total, None);
    assert_eq!(world.page(&RecordQuery { count_total: true, ..every(Deal) }).await.total, Some(0));
}

/// So many are passed over; beyond the end there is nothing.
pub async fn an_offset_passes_records_over(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let ids = made(&world, &vec![json!({ "city": "Oslo" }); 5]).await;
    for (offset, expected) in [(0, 0..2), (2, 2..4), (4, 4..5), (5, 5..5), (50_000_000, 5..5)] {
        let expected = &ids[expected];
        for filter in [Filter::All(Vec::new()), city("Oslo")] {
            let query = RecordQuery { start: Start::Offset(offset), limit: 2, ..those(Contact, filter) };
            let page = world.page(&query).await;
            assert_eq!(page.records.iter().map(|found| found.record.id).collect::<Vec<_>>(), expected);
            assert_eq!(page.has_more, offset < 3);
        }
    }
}

/// Hidden records are shown, and marked, where that is asked.
pub async fn hidden_records_are_shown_when_asked(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "city").await;
    let ids = made(&world, &vec![json!({ "city": "Oslo" }); 3]).await;
    world.delete(Contact, ids[1]).await;
    for filter in [Filter::All(Vec::new()), city("Oslo")] {
        let mut query = those(Contact, filter);
        assert_eq!(world.all_pages(&query).await, [ids[0], ids[2]]);
        query.with_deleted = true;
        let page = world.page(&query).await;
        let shown: Vec<_> = page.records.iter().map(|found| (found.record.id, found.deleted)).collect();
        assert_eq!(shown, [(ids[0], false), (ids[1], true), (ids[2], false)]);
        assert_eq!(page.records[1].record.body, r#"{"city":"Oslo"}"#);
    }
}

/// Only the named ones; who is not there, of another type or team is left out.
pub async fn named_records_alone_are_found(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let ids = made(&world, &[json!({ "city": "Oslo" }), json!({ "city": "Rome" }), json!({ "city": "Oslo" })]).await;
    let deal = world.create(Deal, &json!({ "name": "x" })).await.id;
    let theirs = made(&world.another_team().await, &[json!({ "city": "Oslo" })]).await[0];
    let named = vec![ids[2], deal, theirs, ids[1], ids[2], RecordId(world.ids.next()), RecordId::from_bytes([0; 16])];
    let mut query = RecordQuery { ids: Some(named), ..every(Contact) };
    assert_eq!(world.all_pages(&query).await, [ids[1], ids[2]]);
    query.filter = city("Oslo");
    assert_eq!(world.all_pages(&query).await, [ids[2]]);
    let id = Path { hops: Vec::new(), leaf: Leaf::Id };
    query.filter = Filter::Where(id, Test::OneOf(vec![text(&ids[0].to_string()), text(&ids[1].to_string())]));
    assert_eq!(world.all_pages(&query).await, [ids[1]]);
    query.ids = Some(Vec::new());
    assert_eq!(world.all_pages(&query).await, []);
}

/// A property with keys is asked like any other, before, while and after it becomes keyed, and after changes.
pub async fn keys_change_no_answer(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let oslo = ["Oslo", "oslo", " Oslo", "OSLO\u{301}", "", " "];
    let mut values: Vec<Value> = oslo.iter().map(|name| json!({ "city": name })).collect();
    values.extend([json!({}), json!({ "first_interaction_date": "2026-01-01T01:00:00+01:00" })]);
    let ids = made(&world, &values).await;
    let date = property("first_interaction_date", Date);
    let filters = [
        city("Oslo"),
        city("oslo"),
        city(" Oslo"),
        city(""),
        city(" "),
        Filter::Where(property("city", Str), Test::OneOf(vec![text("Oslo"), text("oslo"), text("")])),
        Filter::Where(property("city", Str), Test::OneOf(vec![text("Oslo"), text("nobody")])),
        Filter::All(vec![city("Oslo"), city("oslo")]),
        Filter::Any(vec![city("Oslo")]),
        Filter::Not(Box::new(city("Oslo"))),
        Filter::Where(date, Test::Is(instant("2026-01-01"))),
    ];
    let mut before = Vec::new();
    for filter in &filters {
        before.push(world.places(Contact, filter.clone(), &ids).await);
    }
    assert_eq!(before[0], [0]);
    assert_eq!(before[10], [7]);
    for slug in ["city", "first_interaction_date"] {
        let step = crate::KeyProperty { caller: world.caller, object_type: Contact, slug: slug.into(), batch_max: 2 };
        world.store.key_property(step).await.expect("a step");
        for (filter, expected) in filters.iter().zip(&before) {
            assert_eq!(world.places(Contact, filter.clone(), &ids).await, *expected, "half way: {filter:?}");
        }
        world.make_keyed(Contact, slug).await;
        for (filter, expected) in filters.iter().zip(&before) {
            assert_eq!(world.places(Contact, filter.clone(), &ids).await, *expected, "with keys: {filter:?}");
        }
    }
    world.patch(Contact, ids[1], &json!({ "city": "Oslo" })).await;
    world.patch(Contact, ids[0], &json!({ "city": "Rome" })).await;
    assert_eq!(world.places(Contact, city("Oslo"), &ids).await, [1]);
    world.tick();
    let many = made(&world, &vec![json!({ "city": "Oslo" }); 1_300]).await;
    let query = RecordQuery { limit: 49, ..those(Contact, city("Oslo")) };
    assert_eq!(world.all_pages(&query).await, [vec![ids[1]], many].concat());
}

/// Keys of several values, of numbers and truths.
pub async fn keys_of_other_types_change_no_answer(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = [
        json!({ "domains": ["a.io", "b.io"], "employee_count": 5, "is_customer": true }),
        json!({ "domains": ["B.io"], "employee_count": 5.5, "is_customer": false }),
        json!({}),
    ]
    .map(row);
    let import = world.inline(Organization, &ImportOptions::default(), &rows).await;
    let ids = [import.id(0), import.id(1), import.id(2)];
    let tests = [
        (property("domains", MultiStr), Test::Is(text("b.io")), vec![0]),
        (property("employee_count", Num), Test::Is(Operand::Number("5".into())), vec![0]),
        (property("employee_count", Num), Test::OneOf(vec![Operand::Number("5.5".into())]), vec![1]),
        (property("is_customer", Bool), Test::Is(Operand::Bool(false)), vec![1]),
    ];
    for round in 0..2 {
        for (path, test, expected) in &tests {
            let found = world.passing_of(Organization, path, test.clone(), &ids).await;
            assert_eq!(found, *expected, "round {round}: {path:?}");
        }
        for slug in ["domains", "employee_count", "is_customer"] {
            world.make_keyed(Organization, slug).await;
        }
    }
}

/// A team sees its own records, a type its own.
pub async fn teams_and_types_are_kept_apart(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let (north, south) = (base.another_team().await, base.another_team().await);
    let (of_north, of_south) =
        (made(&north, &[json!({ "city": "Oslo" })]).await, made(&south, &[json!({ "city": "Oslo" })]).await);
    let deal = north.create(Deal, &json!({ "name": "Oslo" })).await.id;
    for _ in 0..2 {
        for filter in [Filter::All(Vec::new()), city("Oslo")] {
            assert_eq!(north.all_pages(&those(Contact, filter.clone())).await, of_north);
            assert_eq!(south.all_pages(&those(Contact, filter)).await, of_south);
        }
        north.make_keyed(Contact, "city").await;
    }
    assert_eq!(north.all_pages(&every(Deal)).await, [deal]);
    assert_eq!(south.all_pages(&every(Deal)).await, []);
    let company = behind("company", Ref(Organization), property("name", Str));
    assert_eq!(south.all_pages(&those(Contact, Filter::Where(company, Test::Present))).await, []);
}
