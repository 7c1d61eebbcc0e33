//! Random questions on the reference store: every drawn one can be asked, and pages, totals and opposites agree.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_domain::query::{Facts, Filter, Position, RecordQuery, Start, compare, position_of};
use refract_domain::record::Record;
use refract_store::FoundRecord;
use refract_testkit::queries::QueryDrawer;
use refract_testkit::{Drawer, MemoryHarness, World, block_on};
use serde_json::json;

const TYPES: [ObjectType; 4] =
    [ObjectType::Organization, ObjectType::Action, ObjectType::Identity, ObjectType::Contact];

/// A world with records of several types that point at each other, some of them hidden.
async fn peopled(drawer: &mut Drawer, rounds: usize) -> (World, Vec<(ObjectType, RecordId)>) {
    let world = World::new(&MemoryHarness::default()).await;
    let mut records = Vec::new();
    for _ in 0..rounds {
        for object_type in TYPES {
            let schema = world.schema().await;
            let values = QueryDrawer { schema: &schema, object_type, list_id: None, records: &records }.values(drawer);
            world.tick();
            records.push((object_type, world.create(object_type, &values).await.id));
        }
    }
    for (object_type, id) in &records {
        if drawer.once_in(6) {
            world.delete(*object_type, *id).await;
        }
    }
    (world, records)
}

fn place_of(query: &RecordQuery, found: &FoundRecord, live: &[Record]) -> Position {
    let facts = Facts { record: &found.record, list_values: found.list_values.as_deref() };
    position_of(&query.sort, &facts, &|id| live.iter().find(|record| record.id == id))
}

/// All answers, page by page, in order.
async fn paged(world: &World, query: &RecordQuery, live: &[Record]) -> Vec<RecordId> {
    let mut asked = query.clone();
    let mut places: Vec<Position> = Vec::new();
    loop {
        let page = world.page(&asked).await;
        places.extend(page.records.iter().map(|found| place_of(query, found, live)));
        let Some(last) = places.last().filter(|_| page.has_more) else { break };
        assert_eq!(page.records.len(), query.limit as usize, "only the last page is short");
        asked.start = Start::After(last.clone());
    }
    assert!(places.is_sorted_by(|left, right| compare(&query.sort, left, right) == Ordering::Less), "{query:?}");
    places.into_iter().map(|place| place.id).collect()
}

#[test]
fn pages_totals_and_opposites_agree() {
    let mut drawer = Drawer::seeded(4);
    let mut answers = 0;
    for _ in 0..4 {
        block_on(async {
            let (world, records) = peopled(&mut drawer, 12).await;
            let schema = world.schema().await;
            let ids: Vec<RecordId> = records.iter().map(|(_, id)| *id).collect();
            let live = world.store.get_records(&world.caller, &ids).await.unwrap();
            for _ in 0..250 {
                let object_type = *drawer.one_of(&TYPES);
                let drawn = QueryDrawer { schema: &schema, object_type, list_id: None, records: &records };
                let query = RecordQuery { count_total: true, ..drawn.query(&mut drawer) };
                let those = paged(&world, &query, &live).await;
                assert_eq!(world.page(&query).await.total, Some(those.len() as u64), "{query:?}");
                let opposite = Filter::Not(Box::new(query.filter.clone()));
                let others = paged(&world, &RecordQuery { filter: opposite, ..query.clone() }, &live).await;
                let everything = Filter::All(Vec::new());
                let all = paged(&world, &RecordQuery { filter: everything, ..query.clone() }, &live).await;
                let together: BTreeSet<RecordId> = those.iter().chain(&others).copied().collect();
                assert_eq!((together.len(), those.len() + others.len()), (all.len(), all.len()), "{query:?}");
                answers += usize::from(!those.is_empty() && !others.is_empty());
            }
        });
    }
    assert!(answers > 250, "only {answers} questions told records apart");
}

#[test]
fn hidden_records_are_shown_only_where_asked_and_never_reached() {
    block_on(async {
        let world = World::new(&MemoryHarness::default()).await;
        let company = world.create(ObjectType::Organization, &json!({"name": "Acme"})).await.id;
        let ada = world.create(ObjectType::Contact, &json!({"company": company.to_string()})).await.id;
        let schema = world.schema().await;
        let records = [(ObjectType::Organization, company)];
        let of = |object_type| QueryDrawer { schema: &schema, object_type, list_id: None, records: &records };
        let behind = of(ObjectType::Contact)
            .read(&json!({"query": {"select": [], "filter": [{"company.name": {"=": "Acme"}}]}}));
        let itself = of(ObjectType::Contact)
            .read(&json!({"query": {"select": [], "filter": [{"company.id": {"=": company.to_string()}}]}}));
        let ids = |page: refract_store::RecordPage| {
            page.records.iter().map(|found| (found.record.id, found.deleted)).collect::<Vec<_>>()
        };
        assert_eq!(ids(world.page(&behind).await), [(ada, false)]);
        world.delete(ObjectType::Organization, company).await;
        assert_eq!(ids(world.page(&behind).await), []);
        assert_eq!(ids(world.page(&itself).await), [(ada, false)], "what it points at is still this id");
        let all = of(ObjectType::Organization).read(&json!({"query": {"select": []}, "deleted": true}));
        assert_eq!(ids(world.page(&all).await), [(company, true)]);
        assert_eq!(ids(world.page(&RecordQuery { with_deleted: false, ..all }).await), []);
    });
}
