//! Nodes whose clocks are wrong by days: the database's clock alone says when a job was made and when it is gone.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::{Clock, Timestamp};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_engine::{Answered, Engine, EngineSettings, IdSource, JobView, SharedStore, Submitted};
use refract_store::Purge;
use refract_store_postgres::{PostgresSettings, PostgresStore};
use refract_testkit::World;
use refract_testkit::postgres::TestDatabase;
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

/// A clock that is wrong by this many milliseconds, and stands still.
struct WrongClock(Timestamp);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

struct RandomIds;

impl IdSource for RandomIds {
    fn random_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

struct Node {
    engine: Arc<Engine>,
    store: SharedStore,
    clock: Timestamp,
}

impl Node {
    /// A node of this database whose clock is this far ahead.
    async fn start(database: &TestDatabase, ahead_ms: i64) -> Self {
        let store: SharedStore =
            Arc::new(PostgresStore::open(&PostgresSettings::new(database.url())).await.expect("a store"));
        let clock = Timestamp(present(database) + ahead_ms);
        let settings = EngineSettings { poll_every: Duration::from_millis(20), ..EngineSettings::default() };
        let engine = Engine::start(Arc::clone(&store), Arc::new(WrongClock(clock)), Arc::new(RandomIds), settings);
        engine.ready().await.expect("a database");
        Self { engine, store, clock }
    }

    /// Imports a few rows as a job and waits for its end.
    async fn run_a_job(&self, world: &World) -> JobView {
        let intake = self.engine.begin_import(world.caller, ObjectType::Contact, true).await;
        let mut intake = intake.expect("an intake");
        for row in 0..10 {
            intake.push_row(format!(r#"{{"default":{{"city":"{row}"}}}}"#).as_bytes());
        }
        intake.settle().await.expect("staged");
        let Ok(Answered::Fresh(Submitted::Job(spec))) = intake.submit(ImportOptions::default(), None).await else {
            panic!("no job");
        };
        for _ in 0..1_000 {
            let view = self.engine.job(&world.caller, spec.id).await.expect("a database");
            let view = view.expect("the job is not gone");
            if view.snapshot.state.ended_at().is_some() {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the job does not end");
    }
}

/// The database's present.
fn present(database: &TestDatabase) -> i64 {
    let rows = database.sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    rows[0][0].as_ref().expect("a number").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_are_days_apart_agree_on_when_a_job_is_gone() {
    let database = TestDatabase::create();
    let behind = Node::start(&database, -10 * DAY_MS).await;
    let ahead = Node::start(&database, 10 * DAY_MS).await;
    let world = World::in_store(Arc::clone(&behind.store)).await;
    for maker in [&behind, &ahead] {
        let before = present(&database);
        let view = maker.run_a_job(&world).await;
        let (spec, ended_at) = (&view.snapshot.spec, view.snapshot.state.ended_at().expect("it has ended"));
        for stamp in [spec.created_at, ended_at, view.snapshot.updated_at] {
            assert!((stamp.0 - before).abs() < 60_000, "stamped {} ms from the database's present", stamp.0 - before);
        }
        assert_eq!(view.expires_at.0, spec.created_at.0 + 7 * DAY_MS);
        for node in [&behind, &ahead] {
            let purge = Purge { now: node.clock, retention: Duration::from_secs(7 * 86_400), batch_max: 10 };
            assert_eq!(node.store.purge(purge).await.expect("a purge").jobs, 0);
            assert!(node.engine.job(&world.caller, spec.id).await.expect("a database").is_some());
        }
        database.sql(&format!("UPDATE job SET created_at = created_at - {0}, ended_at = ended_at - {0}", 8 * DAY_MS));
        for node in [&behind, &ahead] {
            assert!(node.engine.job(&world.caller, spec.id).await.expect("a database").is_none(), "it is gone for all");
        }
        database.sql("DELETE FROM job_outcome; DELETE FROM job");
    }
    for node in [behind, ahead] {
        node.engine.shutdown().await;
    }
}
