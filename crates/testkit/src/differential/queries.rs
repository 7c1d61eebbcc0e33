//! Two stores, the same records, the same questions: the same answers, page by page.
//!
//! Records are drawn of every type and written alike on both sides, so that even their ids are the same; some come with an
//! id of their own, some are changed, hidden or members of a list, and properties become keyed on the way.

use std::collections::BTreeMap;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::query::{Facts, RecordQuery, Start, position_of};
use refract_domain::record::{Precondition, Record};
use refract_store::conformance::Harness;
use refract_store::conformance::fixture::World;
use refract_store::{FoundRecord, RecordPage};
use serde_json::{Value, json};

use crate::Drawer;
use crate::queries::QueryDrawer;
use crate::strategies::LIST_TEMPLATE;

/// Questions that are asked of one set of records.
const QUESTIONS_OF_A_SET: usize = 250;

/// Records that a record's references may point at come first.
const TYPES: [ObjectType; 8] = [
    ObjectType::Organization,
    ObjectType::Event,
    ObjectType::Action,
    ObjectType::Document,
    ObjectType::Identity,
    ObjectType::Contact,
    ObjectType::Deal,
    ObjectType::Engagement,
];

/// Asks so many questions of both stores. Panics at the first answer that differs.
pub async fn compare(left: &dyn Harness, right: &dyn Harness, seed: u64, questions: usize) {
    let (left, right) = (World::new(left).await, World::new(right).await);
    let mut drawer = Drawer::seeded(seed);
    for _ in 0..questions.div_ceil(QUESTIONS_OF_A_SET) {
        let mut pair = Pair::draw(&left, &right, &mut drawer).await;
        for question in 0..QUESTIONS_OF_A_SET {
            if question % 50 == 49 {
                pair.key(&mut drawer).await;
            }
            pair.ask(&mut drawer).await;
        }
    }
}

/// A team on both sides.
struct Pair {
    left: World,
    right: World,
    list_id: ListId,
    records: Vec<(ObjectType, RecordId)>,
    live: BTreeMap<RecordId, Record>,
}

impl Pair {
    async fn draw(left: &World, right: &World, drawer: &mut Drawer) -> Self {
        let (left, right) = (left.another_team().await, right.another_team().await);
        let list_id = left.make_list(LIST_TEMPLATE).await;
        assert_eq!(right.make_list(LIST_TEMPLATE).await, list_id);
        let mut pair = Self { left, right, list_id, records: Vec::new(), live: BTreeMap::new() };
        for object_type in TYPES {
            pair.import(object_type, drawer).await;
        }
        pair.change(drawer).await;
        let ids: Vec<RecordId> = pair.records.iter().map(|(_, id)| *id).collect();
        let live = pair.left.store.get_records(&pair.left.caller, &ids).await.expect("get_records");
        pair.live = live.into_iter().map(|record| (record.id, record)).collect();
        pair
    }

    async fn schema(&self) -> std::sync::Arc<Schema> {
        self.left.schema().await
    }

    fn drawn<'s>(&'s self, schema: &'s Schema, object_type: ObjectType) -> QueryDrawer<'s> {
        let of_type = schema.lists.get(&self.list_id).is_some_and(|list| list.object_type == object_type);
        QueryDrawer { schema, object_type, list_id: of_type.then_some(self.list_id), records: &self.records }
    }

    /// Some records of a type, in two imports.
    async fn import(&mut self, object_type: ObjectType, drawer: &mut Drawer) {
        let schema = self.schema().await;
        for _ in 0..2 {
            let asked = self.drawn(&schema, object_type);
            let joins = asked.list_id.filter(|_| drawer.once_in(2));
            let mut rows = Vec::new();
            for _ in 0..1 + drawer.below(9) {
                let mut row = json!({ "default": asked.values(drawer) });
                if drawer.once_in(5) {
                    let id = self.left.ids.next();
                    assert_eq!(self.right.ids.next(), id);
                    row["id"] = json!(id.to_string());
                }
                if let Some(stages) = joins.and_then(|list_id| schema.lists.get(&list_id)) {
                    row["list"] = json!({ "app_stage": drawer.one_of(&stages.properties[0].options).slug });
                }
                rows.push(row);
            }
            let options = ImportOptions { list_id: joins, ..ImportOptions::default() };
            self.tick();
            let on_left = self.left.inline(object_type, &options, &rows).await;
            let on_right = self.right.inline(object_type, &options, &rows).await;
            assert_eq!(on_left.ids(), on_right.ids(), "two stores make the same ids");
            self.records.extend(on_left.ids().into_iter().flatten().map(|id| (object_type, id)));
        }
    }

    /// Ids of different moments ascend alike, whatever else a store numbers.
    fn tick(&self) {
        self.left.tick();
        self.right.tick();
    }

    async fn change(&self, drawer: &mut Drawer) {
        let schema = self.schema().await;
        for (object_type, id) in &self.records {
            self.tick();
            if drawer.once_in(8) {
                for world in [&self.left, &self.right] {
                    world.try_delete(*object_type, *id, Precondition::None).await;
                }
            } else if drawer.once_in(6) {
                let mut values = self.drawn(&schema, *object_type).values(drawer);
                if let Value::Object(members) = &mut values {
                    let is_plain = |slug: &str| matches!(slug, "name" | "city" | "full_name" | "description");
                    members.retain(|slug, _| is_plain(slug));
                }
                for world in [&self.left, &self.right] {
                    world.try_patch(*object_type, *id, &values, Precondition::None).await;
                }
            }
        }
    }

    /// One more property becomes keyed.
    async fn key(&self, drawer: &mut Drawer) {
        let schema = self.schema().await;
        let object_type = *drawer.one_of(&TYPES);
        let property = drawer.one_of(&schema.of(object_type).properties);
        if !property.property_type.can_be_key() {
            return;
        }
        for world in [&self.left, &self.right] {
            world.make_keyed(object_type, &property.slug).await;
        }
    }

    async fn ask(&mut self, drawer: &mut Drawer) {
        let schema = self.schema().await;
        let object_type = *drawer.one_of(&TYPES);
        let mut query = self.drawn(&schema, object_type).query(drawer);
        if drawer.once_in(6) {
            query.start = Start::Offset(drawer.below(8) as u64);
        }
        // A drawn page is small; of the further ones some are looked at.
        for _ in 0..4 {
            let (on_left, on_right) = (self.left.page(&query).await, self.right.page(&query).await);
            assert_eq!(told(&on_left), told(&on_right), "{query:#?}");
            let Some(last) = on_left.records.last().filter(|_| on_left.has_more) else { return };
            query.start = self.after(&query, last);
        }
    }

    fn after(&self, query: &RecordQuery, last: &FoundRecord) -> Start {
        let facts = Facts { record: &last.record, list_values: last.list_values.as_deref() };
        Start::After(position_of(&query.sort, &facts, &|id| self.live.get(&id)))
    }
}

/// A record as an answer shows it: id, whether hidden, version, body, list values.
type Row<'p> = (RecordId, bool, u64, &'p str, Option<&'p str>);

/// What must be the same.
fn told(page: &RecordPage) -> (Vec<Row<'_>>, bool, Option<u64>) {
    let rows = page.records.iter().map(|found| {
        let (record, list_values) = (&found.record, found.list_values.as_deref());
        (record.id, found.deleted, record.version, record.body.as_str(), list_values)
    });
    (rows.collect(), page.has_more, page.total)
}

/// How many questions a run asks: `REFRACT_QUERY_PAIRS`, or a few.
#[must_use]
pub fn questions() -> usize {
    std::env::var("REFRACT_QUERY_PAIRS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// Where a run begins: `REFRACT_QUERY_SEED`, or always the same.
#[must_use]
pub fn seed() -> u64 {
    std::env::var("REFRACT_QUERY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}
