//! `query_records`: what every test of every type means, on the record, behind references, and in lists.

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{self, Contact, Deal, Identity, Organization};
use refract_domain::property::PropertyType::{
    Bool, Date, EmailAddresses, Jsonb, MultiRef, MultiStr, MultiselectStr, Num, Ref, SelectStr, Str, Text,
};
use refract_domain::query::{Filter, Leaf, Operand, Path, Pattern, RecordQuery, SortKey, Start, Test};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, behind, every, instant, list_property, number, property, row, text, those};

/// Records with these values.
async fn made(world: &World, object_type: ObjectType, values: &[Value]) -> Vec<RecordId> {
    let rows: Vec<Value> = values.iter().cloned().map(row).collect();
    let import = world.inline(object_type, &ImportOptions::default(), &rows).await;
    (0..rows.len()).map(|place| import.id(place)).collect()
}

fn above(bound: Operand, or_equal: bool) -> Test {
    Test::Ordered { above: true, or_equal, bound }
}

fn below(bound: Operand, or_equal: bool) -> Test {
    Test::Ordered { above: false, or_equal, bound }
}

/// Equality and order go byte by byte; the empty text is a value.
pub async fn text_is_compared_byte_by_byte(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values = ["Anna", "anna", "Ännä", "", "Zoë \"Z\" \\ \u{1f680}\n"];
    let values: Vec<Value> = values.iter().map(|name| json!({ "full_name": name })).collect();
    let ids = made(&world, Contact, &[values, vec![json!({ "city": "Oslo" })]].concat()).await;
    let name = property("full_name", Str);
    let passing = |test| world.passing(&name, test, &ids);
    assert_eq!(passing(Test::Is(text("Anna"))).await, [0]);
    assert_eq!(passing(Test::Is(text(""))).await, [3]);
    assert_eq!(passing(Test::Is(text("Zoë \"Z\" \\ \u{1f680}\n"))).await, [4]);
    assert_eq!(passing(Test::Is(text("' OR 1=1 --"))).await, [] as [usize; 0]);
    assert_eq!(passing(Test::OneOf(vec![text("anna"), text("Ännä"), text("x")])).await, [1, 2]);
    assert_eq!(passing(Test::OneOf(Vec::new())).await, [] as [usize; 0]);
    assert_eq!(passing(above(text("anna"), false)).await, [2]);
    assert_eq!(passing(above(text("anna"), true)).await, [1, 2]);
    assert_eq!(passing(below(text("anna"), false)).await, [0, 3, 4]);
    assert_eq!(passing(below(text("anna"), true)).await, [0, 1, 3, 4]);
    assert_eq!(passing(Test::Between(text("Anna"), text("anna"))).await, [0, 1, 4]);
    assert_eq!(passing(Test::Present).await, [0, 1, 2, 3, 4]);
}

/// Parts of texts are looked for in lower case, of all of Unicode; nothing in a part has a meaning of its own.
pub async fn parts_of_texts_ignore_case(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values = ["Zürich ÄÖ", "zÜRICH äö 100%", "a_b", "axb", "ΟΔΟΣ", "\u{130}x", ""];
    let values: Vec<Value> = values.iter().map(|city| json!({ "description": city })).collect();
    let ids = made(&world, Contact, &[values, vec![json!({})]].concat()).await;
    let description = property("description", Text);
    let passing = |test| world.passing(&description, test, &ids);
    assert_eq!(passing(Test::Contains("ürich ä".into())).await, [0, 1]);
    assert_eq!(passing(Test::Contains("%".into())).await, [1]);
    assert_eq!(passing(Test::Contains("a_b".into())).await, [2]);
    assert_eq!(passing(Test::Contains("οδος".into())).await, [4]);
    assert_eq!(passing(Test::Contains("i\u{307}".into())).await, [5]);
    assert_eq!(passing(Test::Contains(String::new())).await, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(passing(Test::BeginsWith("zü".into())).await, [0, 1]);
    assert_eq!(passing(Test::BeginsWith("ürich".into())).await, [] as [usize; 0]);
    assert_eq!(passing(Test::BeginsWith(String::new())).await, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(passing(Test::EndsWith("äö".into())).await, [0]);
    assert_eq!(passing(Test::EndsWith("%".into())).await, [1]);
    assert_eq!(passing(Test::EndsWith("a much longer text than any".into())).await, [] as [usize; 0]);
    assert_eq!(passing(Test::EndsWith(String::new())).await, [0, 1, 2, 3, 4, 5, 6]);
}

/// Regular expressions, alone and among other conditions, below negations too.
pub async fn patterns_are_found(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let acme = made(&world, Organization, &[json!({ "name": "Acme 7", "domains": ["a.io", "b.com"] })]).await[0];
    let values = [
        json!({ "full_name": "Ann 12", "company": acme.to_string() }),
        json!({ "full_name": "ann", "city": "Oslo" }),
        json!({ "city": "Oslo" }),
    ];
    let ids = made(&world, Contact, &values).await;
    let pattern = |text: &str| Test::Matches(Pattern::parse(text).expect("a pattern"));
    let name = property("full_name", Str);
    assert_eq!(world.passing(&name, pattern(r"^[A-Z]\w+ \d{2}$"), &ids).await, [0]);
    assert_eq!(world.passing(&name, pattern("(?i)^ANN"), &ids).await, [0, 1]);
    assert_eq!(world.passing(&name, pattern(""), &ids).await, [0, 1]);
    let company = Ref(Organization);
    let companys_name = behind("company", company, property("name", Str));
    assert_eq!(world.passing(&companys_name, pattern("[0-9]"), &ids).await, [0]);
    let domains = behind("company", company, property("domains", MultiStr));
    assert_eq!(world.passing(&domains, pattern(r"\.com$"), &ids).await, [0]);
    let digit = Filter::Where(name.clone(), pattern("[0-9]"));
    let in_oslo = Filter::Where(property("city", Str), Test::Is(text("Oslo")));
    let either = Filter::Any(vec![digit.clone(), in_oslo.clone()]);
    assert_eq!(world.places(Contact, either, &ids).await, [0, 1, 2]);
    let neither = Filter::All(vec![Filter::Not(Box::new(digit)), Filter::Not(Box::new(in_oslo))]);
    assert_eq!(world.places(Contact, neither, &ids).await, [] as [usize; 0]);
    let mut paged = those(Contact, Filter::Where(name, pattern("(?i)ann")));
    paged.limit = 1;
    assert_eq!(world.all_pages(&paged).await, [ids[0], ids[1]]);
    paged.start = Start::Offset(1);
    assert_eq!(world.page(&paged).await.records[0].record.id, ids[1]);
}

/// Numbers are compared as numbers, exactly.
pub async fn numbers_are_numbers(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values =
        r#"[{"value":10},{"value":9.5},{"value":-3},{"value":9007199254740993},{"value":1.25e30},{"value":0.1},{}]"#;
    let values: Vec<Value> = serde_json::from_str(values).expect("values");
    let ids = made(&world, Deal, &values).await;
    let value = property("value", Num);
    let passing = |test| world.passing_of(Deal, &value, test, &ids);
    assert_eq!(passing(Test::Is(number("10"))).await, [0]);
    assert_eq!(passing(Test::Is(number("0.1"))).await, [5]);
    assert_eq!(passing(Test::Is(number("9007199254740993"))).await, [3]);
    assert_eq!(passing(Test::Is(number("9007199254740992"))).await, [] as [usize; 0]);
    assert_eq!(passing(Test::OneOf(vec![number("9.5"), number("1.25e30"), number("-3")])).await, [1, 2, 4]);
    assert_eq!(passing(above(number("9.5"), false)).await, [0, 3, 4]);
    assert_eq!(passing(above(number("9.5"), true)).await, [0, 1, 3, 4]);
    assert_eq!(passing(below(number("9.5"), false)).await, [2, 5]);
    assert_eq!(passing(Test::Between(number("-3"), number("9.5"))).await, [1, 2, 5]);
    assert_eq!(passing(Test::Present).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(passing(Test::Contains("1".into())).await, [] as [usize; 0]);
}

/// Dates are compared as instants, however they are written.
pub async fn dates_are_instants(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let dates = [
        "2026-07-31",
        "2026-07-31T02:00:00+02:00",
        "2026-07-30T23:59:59.999999999999z",
        "0001-01-01t00:00:00+23:59",
        "9999-12-31T23:59:59.5-23:59",
        "1969-12-31",
    ];
    let values: Vec<Value> = dates.iter().map(|date| json!({ "first_interaction_date": date })).collect();
    let ids = made(&world, Contact, &[values, vec![json!({})]].concat()).await;
    let date = property("first_interaction_date", Date);
    let passing = |test| world.passing(&date, test, &ids);
    assert_eq!(passing(Test::Is(instant("2026-07-31T00:00:00.000Z"))).await, [0, 1]);
    assert_eq!(passing(Test::OneOf(vec![instant("1969-12-31"), instant("2026-07-31")])).await, [0, 1, 5]);
    assert_eq!(passing(below(instant("2026-07-31"), false)).await, [2, 3, 5]);
    assert_eq!(passing(above(instant("2026-07-31"), true)).await, [0, 1, 4]);
    assert_eq!(passing(Test::Between(instant("0001-01-01"), instant("2026-07-30T23:59:59Z"))).await, [5]);
    assert_eq!(passing(Test::Present).await, [0, 1, 2, 3, 4, 5]);
}

/// Truths, selects, documents.
pub async fn the_other_types_are_compared(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values = [
        json!({ "is_customer": true, "relationship_strength": "strong", "attributes": { "is_customer": [null] } }),
        json!({ "is_customer": false, "relationship_strength": "weak" }),
        json!({ "name": "\"is_customer\":true", "attributes": { "relationship_strength": "strong", "domains": ["x"] } }),
    ];
    let ids = made(&world, Organization, &values).await;
    let is_customer = property("is_customer", Bool);
    let strength = property("relationship_strength", SelectStr);
    let attributes = property("attributes", Jsonb);
    let passing = |path, test| {
        let (world, ids) = (&world, &ids);
        async move { world.passing_of(Organization, &path, test, ids).await }
    };
    assert_eq!(passing(is_customer.clone(), Test::Is(Operand::Bool(true))).await, [0]);
    assert_eq!(
        passing(is_customer.clone(), Test::OneOf(vec![Operand::Bool(false), Operand::Bool(true)])).await,
        [0, 1]
    );
    assert_eq!(passing(is_customer, Test::Present).await, [0, 1]);
    assert_eq!(passing(strength.clone(), Test::Is(text("strong"))).await, [0]);
    assert_eq!(passing(strength.clone(), Test::EndsWith("k".into())).await, [1]);
    assert_eq!(passing(strength, Test::Present).await, [0, 1]);
    assert_eq!(passing(attributes, Test::Present).await, [0, 2]);
}

/// Of several values one is enough, for a negation all must fail.
pub async fn one_of_several_values_is_enough(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let values =
        [json!({ "domains": ["Acme.io", "b.com"] }), json!({ "domains": ["c.com"] }), json!({ "name": "b.com" })];
    let ids = made(&world, Organization, &values).await;
    let domains = property("domains", MultiStr);
    let passing = |test| world.passing_of(Organization, &domains, test, &ids);
    assert_eq!(passing(Test::Is(text("b.com"))).await, [0]);
    assert_eq!(passing(Test::OneOf(vec![text("c.com"), text("b.com")])).await, [0, 1]);
    assert_eq!(passing(Test::Contains("acme".into())).await, [0]);
    assert_eq!(passing(Test::Between(text("b"), text("d"))).await, [0, 1]);
    assert_eq!(passing(Test::Present).await, [0, 1]);
    let options = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
    let rows = [row(json!({ "tags": ["Hot", "New"] })), row(json!({ "tags": ["New"] }))];
    let import = world.inline(Contact, &options, &rows).await;
    let tags = property("tags", MultiselectStr);
    let ids = [import.id(0), import.id(1)];
    assert_eq!(world.passing(&tags, Test::Is(text("hot")), &ids).await, [0]);
    let people = [json!({ "email_addresses": ["A.B@gmail.com", "c@x.io"] }), json!({})];
    let ids = made(&world, Identity, &people).await;
    let addresses = property("email_addresses", EmailAddresses);
    assert_eq!(world.passing_of(Identity, &addresses, Test::Is(text("ab@gmail.com")), &ids).await, [0]);
    assert_eq!(world.passing_of(Identity, &addresses, Test::EndsWith("x.io".into()), &ids).await, [0]);
}

/// The record's own id and times.
pub async fn ids_and_times_can_be_asked_for(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut ids = Vec::new();
    for city in ["Oslo", "Rome", "Bonn"] {
        ids.push(world.create(Contact, &json!({ "city": city })).await.id);
        world.tick();
    }
    let changed_at = world.now();
    world.patch(Contact, ids[0], &json!({ "city": "Bern" })).await;
    let of = |leaf| Path { hops: Vec::new(), leaf };
    let id_of = |place: usize| text(&ids[place].to_string());
    assert_eq!(world.passing(&of(Leaf::Id), Test::Is(id_of(1)), &ids).await, [1]);
    assert_eq!(world.passing(&of(Leaf::Id), Test::OneOf(vec![id_of(2), id_of(0)]), &ids).await, [0, 2]);
    assert_eq!(world.passing(&of(Leaf::Id), Test::Present, &ids).await, [0, 1, 2]);
    assert_eq!(world.passing(&of(Leaf::Id), above(id_of(1), false), &ids).await, [2]);
    let at = number(&changed_at.0.to_string());
    assert_eq!(world.passing(&of(Leaf::UpdatedAt), Test::Is(at.clone()), &ids).await, [0]);
    assert_eq!(world.passing(&of(Leaf::CreatedAt), below(at, false), &ids).await, [0, 1, 2]);
}

/// Paths lead through live records, given ids and several references; hidden ones are not reached.
pub async fn paths_lead_through_live_records(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let given = RecordId(world.ids.next());
    let rows = [json!({ "id": given.to_string(), "default": { "name": "Given", "domains": ["g.io"] } })];
    world.inline(Organization, &ImportOptions::default(), &rows).await;
    let orgs =
        made(&world, Organization, &[json!({ "name": "Acme", "domains": ["a.io"] }), json!({ "name": "Gone" })]).await;
    let people = [
        json!({ "companies": [orgs[0].to_string(), given.to_string()] }),
        json!({ "companies": [orgs[1].to_string()] }),
    ];
    let people = made(&world, Identity, &people).await;
    let values = [
        json!({ "company": orgs[0].to_string(), "strongest_connection": people[0].to_string() }),
        json!({ "company": given.to_string(), "mutual_connections": [people[1].to_string(), people[0].to_string()] }),
        json!({ "company": orgs[1].to_string() }),
        json!({}),
    ];
    let ids = made(&world, Contact, &values).await;
    world.delete(Organization, orgs[1]).await;
    let company = |rest| behind("company", Ref(Organization), rest);
    let name = company(property("name", Str));
    assert_eq!(world.passing(&name, Test::Is(text("Acme")), &ids).await, [0]);
    assert_eq!(world.passing(&name, Test::Is(text("Given")), &ids).await, [1]);
    assert_eq!(world.passing(&name, Test::Is(text("Gone")), &ids).await, [] as [usize; 0]);
    assert_eq!(world.passing(&name, Test::Present, &ids).await, [0, 1]);
    assert_eq!(world.passing(&company(property("domains", MultiStr)), Test::Contains("g.".into()), &ids).await, [1]);
    let its_id = company(Path { hops: Vec::new(), leaf: Leaf::Id });
    assert_eq!(world.passing(&its_id, Test::Is(text(&given.to_string())), &ids).await, [1]);
    let itself = property("company", Ref(Organization));
    assert_eq!(world.passing(&itself, Test::Is(text(&orgs[1].to_string())), &ids).await, [2]);
    let companies = |rest| behind("companies", MultiRef(Organization), rest);
    let far = behind("strongest_connection", Ref(Identity), companies(property("name", Str)));
    assert_eq!(world.passing(&far, Test::Is(text("Given")), &ids).await, [0]);
    let wide = behind("mutual_connections", MultiRef(Identity), companies(property("name", Str)));
    assert_eq!(world.passing(&wide, Test::BeginsWith("gi".into()), &ids).await, [1]);
    assert_eq!(world.passing(&wide, Test::Is(text("Gone")), &ids).await, [] as [usize; 0]);
}

/// All of none is true, one of none is not; both nest.
pub async fn conditions_are_joined(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let ids = made(&world, Contact, &[json!({ "city": "Oslo" }), json!({ "city": "Rome" }), json!({})]).await;
    let city = |name: &str| Filter::Where(property("city", Str), Test::Is(text(name)));
    let not = |filter| Filter::Not(Box::new(filter));
    let places = |filter| world.places(Contact, filter, &ids);
    assert_eq!(places(Filter::All(Vec::new())).await, [0, 1, 2]);
    assert_eq!(places(Filter::Any(Vec::new())).await, [] as [usize; 0]);
    assert_eq!(places(not(Filter::Any(Vec::new()))).await, [0, 1, 2]);
    assert_eq!(places(not(Filter::All(Vec::new()))).await, [] as [usize; 0]);
    assert_eq!(places(Filter::Any(vec![city("Oslo"), city("Rome")])).await, [0, 1]);
    assert_eq!(places(Filter::All(vec![not(city("Oslo")), not(city("Rome"))])).await, [2]);
    assert_eq!(places(not(Filter::Any(vec![city("Oslo"), Filter::All(vec![])]))).await, [] as [usize; 0]);
    assert_eq!(places(not(not(city("Oslo")))).await, [0]);
}

/// Only members, with their values, whose properties are in scope.
pub async fn a_list_confines_to_its_members(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let (list_id, other) = (world.make_list("sales_deals").await, world.make_list("sales_deals").await);
    let member = |name: &str, stage: &str| json!({ "default": { "name": name }, "list": { "app_stage": stage } });
    let stages = world.schema().await.lists[&list_id].properties[0].options.clone();
    let (first, second) = (stages[0].slug.as_str(), stages[1].slug.as_str());
    let in_list = |list_id| ImportOptions { list_id: Some(list_id), ..ImportOptions::default() };
    let rows = [member("a", first), member("b", second), member("c", second)];
    let import = world.inline(Deal, &in_list(list_id), &rows).await;
    world.inline(Deal, &in_list(other), &[member("d", first)]).await;
    made(&world, Deal, &[json!({ "name": "e" })]).await;
    let ids = [import.id(0), import.id(1), import.id(2)];
    let mut query = every(Deal);
    query.list_id = Some(list_id);
    query.count_total = true;
    let page = world.page(&query).await;
    assert_eq!((page.total, page.records.len()), (Some(3), 3));
    let value = |slug: &str| format!("{{\"app_stage\":\"{slug}\"}}");
    let shown: Vec<_> = page.records.iter().map(|found| found.list_values.clone().unwrap()).collect();
    assert_eq!(shown, [value(first), value(second), value(second)]);
    let stage = list_property(list_id, "app_stage", SelectStr);
    query.filter = Filter::Where(stage.clone(), Test::Is(text(second)));
    assert_eq!(world.all_pages(&query).await, [ids[1], ids[2]]);
    assert_eq!(world.page(&query).await.total, Some(2));
    query.sort = vec![SortKey { path: stage, descending: true }];
    query.filter = Filter::Where(property("name", Str), Test::Present);
    let sorted: Vec<_> = world.page(&query).await.records.iter().map(|found| found.record.id).collect();
    let expected = if first < second { [ids[1], ids[2], ids[0]] } else { [ids[0], ids[1], ids[2]] };
    assert_eq!(sorted, expected);
    query = RecordQuery { list_id: Some(ListId(world.ids.next())), ..every(Deal) };
    assert_eq!(world.page(&query).await.records, []);
}
