//! Several nodes on the same keys at once: they wait for each other, in one direction only.

// A failure here is a failure of the test.
#![allow(clippy::expect_used)]

mod harness;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::settings;
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::modelling::{ModelRequest, NamedProperty, PropertyName, PropertyPatch};
use refract_domain::object_type::ObjectType::Contact;
use refract_store::conformance::fixture::{World, by, chunk_of, contact, row, updating};
use refract_store::{Answered, Freshness, Lease, StoreError};
use refract_store_postgres::{PostgresStore, Retries};
use refract_testkit::postgres::TestDatabase;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const KEYS: usize = 5_000;

/// Several stores on one database, each as a node of its own.
struct Nodes {
    database: TestDatabase,
    stores: Vec<Arc<PostgresStore>>,
    /// Through the first node.
    world: World,
}

impl Nodes {
    async fn start(count: usize) -> Self {
        let database = TestDatabase::create();
        let mut stores = Vec::new();
        for _ in 0..count {
            stores.push(Arc::new(PostgresStore::open(&settings(&database)).await.expect("a store")));
        }
        let world = World::in_store(Arc::clone(&stores[0]) as _).await;
        Self { database, stores, world }
    }

    /// The same team and clock through another node.
    fn through(&self, node: usize) -> World {
        World { store: Arc::clone(&self.stores[node % self.stores.len()]) as _, ..self.world.clone() }
    }

    fn retries(&self) -> Retries {
        self.stores.iter().map(|store| store.retries()).fold(Retries::default(), |sum, retries| Retries {
            deadlocks: sum.deadlocks + retries.deadlocks,
            others: sum.others + retries.others,
        })
    }

    /// Runs the jobs side by side, each on the next node.
    async fn run(&self, leases: Vec<Lease>, chunk_rows: usize) {
        let mut running = JoinSet::new();
        for (node, lease) in leases.into_iter().enumerate() {
            let world = self.through(node);
            running.spawn(async move { world.run(lease, chunk_rows).await });
        }
        while let Some(ended) = running.join_next().await {
            ended.expect("no panic").expect("a job runs to its end");
        }
    }
}

/// The same rows in four orders: forth, back, evens first, and shuffled.
fn orders(rows: &[Value]) -> [Vec<Value>; 4] {
    let back = rows.iter().rev().cloned().collect();
    let evens_first = (0..2).flat_map(|odd| rows.iter().skip(odd).step_by(2).cloned()).collect();
    // 7,919 and 5,000 have no divisor in common: every row comes once.
    let shuffled = (0..rows.len()).map(|place| rows[place * 7_919 % rows.len()].clone()).collect();
    [rows.to_vec(), back, evens_first, shuffled]
}

fn contacts() -> Vec<Value> {
    (0..KEYS).map(|number| contact(&format!("p{number}@x.io"))).collect()
}

async fn race(options: &ImportOptions, chunk_rows: usize) -> (Tally, Retries) {
    let nodes = Nodes::start(3).await;
    nodes.world.make_keyed(Contact, "email").await;
    let (mut jobs, mut leases) = (Vec::new(), Vec::new());
    for rows in orders(&contacts()) {
        jobs.push(nodes.world.admit(Contact, options, &rows).await.id);
        leases.push(nodes.world.claim_one().await);
    }
    nodes.run(leases, chunk_rows).await;
    let (mut tally, mut ids): (_, HashSet<RecordId>) = (Tally::default(), HashSet::new());
    for job_id in jobs {
        let import = nodes.world.import_of(job_id).await;
        tally += import.tally;
        ids.extend((0..KEYS).map(|place| import.id(place)));
    }
    assert_eq!((ids.len(), nodes.world.count(Contact).await), (KEYS, KEYS as u64), "one record a key");
    (tally, nodes.retries())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_keys_in_four_orders_never_deadlock() {
    let made_once = Tally { created: 5_000, existing: 15_000, updated: 0, skipped: 0, rejected: 0 };
    for chunk_rows in [5_000, 700] {
        let (tally, retries) = race(&by("email"), chunk_rows).await;
        assert_eq!((tally, retries), (made_once, Retries::default()), "chunks of {chunk_rows}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_records_updated_in_four_orders_never_deadlock() {
    let (tally, retries) = race(&updating("email"), 700).await;
    assert_eq!((tally.created, tally.rejected, tally.processed()), (5_000, 0, 20_000));
    assert_eq!(retries, Retries::default());
}

/// The same, with keys that every record gives up and takes while others look for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patches_that_swap_keys_beside_imports_leave_every_key_held_once() {
    let nodes = Nodes::start(2).await;
    let world = &nodes.world;
    world.make_keyed(Contact, "email").await;
    let ids: Vec<_> = {
        let rows: Vec<_> = (0..20).map(|number| contact(&format!("p{number}@x.io"))).collect();
        let import = world.inline(Contact, &by("email"), &rows).await;
        (0..20).map(|place| import.id(place)).collect()
    };
    let mut tasks = JoinSet::new();
    for node in 0..2 {
        let (world, ids) = (nodes.through(node), ids.clone());
        tasks.spawn(async move {
            for round in 0..15 {
                for (place, id) in ids.iter().enumerate().filter(|(place, _)| place % 2 == node) {
                    let email = format!("p{}@x.io", (place + round) % 40);
                    world.patch(Contact, *id, &json!({ "email": email })).await;
                }
            }
        });
        let importer = nodes.through(node);
        tasks.spawn(async move {
            for round in 0..15 {
                let rows: Vec<_> = (0..40)
                    .map(|number| {
                        row(json!({ "email": format!("p{}@x.io", (number * 7) % 40), "city": format!("{round}") }))
                    })
                    .collect();
                importer.inline(Contact, &updating("email"), &rows).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no panic");
    }
    let strays = nodes.database.sql(
        "SELECT more.hash FROM key_holder_more more LEFT JOIN key_holder USING (team_no, hash)
         WHERE key_holder.hash IS NULL OR key_holder.record_id = more.record_id",
    );
    assert!(strays.is_empty(), "further holders of keys that nobody holds: {strays:?}");
    // Each live record holds the key of its e-mail address and no other.
    let held = nodes
        .database
        .sql("SELECT record_id FROM key_holder UNION ALL SELECT record_id FROM key_holder_more ORDER BY 1");
    let records = nodes.database.sql("SELECT id FROM record ORDER BY 1");
    assert_eq!(held, records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_new_id_on_two_nodes_is_one_record() {
    let nodes = Nodes::start(2).await;
    for number in 0..20 {
        let id = RecordId(nodes.world.ids.next());
        let rows = [json!({ "id": id.to_string(), "default": { "city": format!("{number}") } })];
        let (one, two) = (nodes.through(0), nodes.through(1));
        let options = ImportOptions::default();
        let (one, two) = tokio::join!(one.inline(Contact, &options, &rows), two.inline(Contact, &options, &rows));
        let mut words = [one.words()[0], two.words()[0]];
        words.sort_unstable();
        assert_eq!((words, one.id(0), two.id(0)), (["created", "existing"], id, id));
    }
    assert_eq!((nodes.world.count(Contact).await, nodes.retries().deadlocks), (20, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletes_beside_imports_leave_no_key_behind() {
    let nodes = Nodes::start(2).await;
    let (world, other) = (nodes.through(0), nodes.through(1));
    let rows: Vec<_> = (0..50).map(|number| contact(&format!("p{number}@x.io"))).collect();
    for _ in 0..10 {
        let import = world.inline(Contact, &updating("email"), &rows).await;
        let importing = async {
            for _ in 0..3 {
                other.inline(Contact, &updating("email"), &rows).await;
            }
        };
        let deleting = async {
            for place in 0..50 {
                world.delete(Contact, import.id(place)).await;
            }
        };
        tokio::join!(importing, deleting);
    }
    let live = world.count(Contact).await;
    let holders = nodes.database.sql("SELECT 1 FROM key_holder UNION ALL SELECT 1 FROM key_holder_more");
    let of_live = nodes.database.sql(
        "SELECT 1 FROM key_holder JOIN record ON record.team_no = key_holder.team_no AND record.id = record_id
         WHERE deleted_at IS NULL",
    );
    assert_eq!((holders.len() as u64, of_live.len() as u64), (live, live));
    let import = world.inline(Contact, &by("email"), &rows).await;
    assert_eq!(import.tally.rejected, 0);
    assert_eq!(world.count(Contact).await, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_requests_on_two_nodes_are_carried_out_once() {
    let nodes = Nodes::start(2).await;
    let raw = chunk_of(0, &[contact("a@x.io")]);
    let mut tasks = JoinSet::new();
    for node in 0..24 {
        let (world, raw) = (nodes.through(node), raw.clone());
        tasks.spawn(async move {
            let source = world.ids.next();
            let mut command = world.inline_command(Contact, &ImportOptions::default(), &raw, source).await;
            command.idempotent = refract_store::conformance::fixture::rendering("key", 1);
            world.store.apply_inline(command).await.expect("an answer")
        });
    }
    let mut fresh = 0;
    while let Some(answered) = tasks.join_next().await {
        match answered.expect("no panic") {
            Answered::Fresh(_) => fresh += 1,
            Answered::Replay(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((fresh, nodes.world.count(Contact).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admission_and_a_release_wake_the_other_node() {
    let nodes = Nodes::start(2).await;
    let other = nodes.through(1);
    let hinted = async |world: &World| {
        tokio::time::timeout(Duration::from_secs(3), world.store.work_hint()).await.expect("a hint")
    };
    // The first comes with the listener itself.
    hinted(&other).await;
    nodes.world.admit_contacts(&["a@x.io"]).await;
    hinted(&other).await;
    let lease = other.claim_one().await;
    let nothing = tokio::time::timeout(Duration::from_millis(300), other.store.work_hint()).await;
    assert!(nothing.is_err(), "no hint without a reason");
    nodes.world.store.release(lease, other.now()).await.expect("a release");
    hinted(&other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lost_its_lease_writes_nothing() {
    let nodes = Nodes::start(2).await;
    let spec = nodes.world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut stale = nodes.world.claim_one().await;
    let other = nodes.through(1);
    let lease = other.take_over().await;
    let refused = nodes.world.apply(&mut stale, 2).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(other.count(Contact).await, 0);
    other.run(lease, 1).await.expect("the job runs to its end");
    assert_eq!(other.import_of(spec.id).await.words(), ["created", "created"]);
}

/// A transaction that writes to the team, as every node's chunks do, for a third of a second.
const LONG_WRITE: &str =
    concat!("BEGIN;", include_str!("../src/sql/team_share_schema.sql"), "; SELECT pg_sleep(0.3); COMMIT");

/// Writers that follow each other without a gap, each beginning before the one before ends, let a change of the schema
/// through: what counts is that it is done while they still go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_schema_comes_through_between_writers_that_never_pause() {
    const WRITERS: usize = 6;
    const ROUNDS: usize = 40;
    let nodes = Nodes::start(1).await;
    let write = LONG_WRITE.replace("$1", "(SELECT min(team_no) FROM team)");
    let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let handle = tokio::runtime::Handle::current();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (nodes, write, begun, ended) = (&nodes, &write, &begun, &ended);
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(50) * u32::try_from(writer).expect("few"));
                for round in 0..ROUNDS {
                    // Once the change is through they may stop.
                    if ended.load(Ordering::SeqCst) > 0 && round > 3 {
                        break;
                    }
                    begun.fetch_add(1, Ordering::SeqCst);
                    nodes.database.sql(write);
                }
            });
        }
        while begun.load(Ordering::SeqCst) < WRITERS {
            std::thread::sleep(Duration::from_millis(10));
        }
        tokio::task::block_in_place(|| handle.block_on(nodes.world.make_list("sales_deals")));
        ended.fetch_add(1, Ordering::SeqCst);
    });
    let rounds = begun.load(Ordering::SeqCst);
    assert!(rounds < WRITERS * ROUNDS / 2, "the change waited for {rounds} writers");
}

/// One node archives; another, which writes nothing, shows it a moment later, and judges by it at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_soon_knows_a_schema_that_one_changed() {
    let nodes = Nodes::start(2).await;
    let (here, there) = (nodes.through(0), nodes.through(1));
    let cached = async || there.store.schema(&there.caller, Freshness::Cached).await.expect("a schema");
    let before = cached().await;
    let city = before.of(Contact).property("city").expect("built in").id;
    let by = PropertyName::Id(city);
    let named = NamedProperty { object_type: Contact, by, list_id: None, property_type: None };
    let archive = PropertyPatch { enabled: Some(false), ..PropertyPatch::default() };
    here.change_schema(&ModelRequest::PatchProperty(named, archive)).await;
    let rows = [row(json!({"city": "Oslo"}))];
    assert_eq!(there.inline(Contact, &ImportOptions::default(), &rows).await.words(), ["unknown_property"]);
    for _ in 0..600 {
        if cached().await.of(Contact).property("city").is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the other node goes on showing it");
}
