//! Servers that share one database, each with a name of its own there.
//!
//! Owns who of them holds a job, and the database's view of jobs and of time. Knows nothing of what befalls them.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refract_testkit::postgres::TestDatabase;

use crate::state::State;
use crate::state_of::state_of;
use crate::support::home::Home;
use crate::support::server::{Launch, Server};
use crate::watch::Watched;

/// How long anything may take that is bound to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long between two looks into the database.
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// The nodes, by number.
pub(crate) struct Nodes {
    home: Arc<Home>,
    servers: Vec<Server>,
}

/// A job as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobRow {
    pub(crate) id: String,
    pub(crate) attempt: u32,
    pub(crate) cursor: u64,
    pub(crate) is_running: bool,
    pub(crate) has_ended: bool,
}

/// A job in the hands of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) node: usize,
    pub(crate) job: JobRow,
}

impl Nodes {
    /// Starts so many, all at once, each under the name `refract node-N` in the database.
    pub(crate) fn start(home: Arc<Home>, count: usize, launch: &Launch) -> Self {
        let url = database(&home).url();
        let urls: Vec<String> = (0..count).map(|node| named(&url, &format!("node-{node}"))).collect();
        Self::start_at(home, &urls, launch)
    }

    /// Starts one for each way to the database.
    pub(crate) fn start_at(home: Arc<Home>, urls: &[String], launch: &Launch) -> Self {
        let start = |url: &String| launch.clone().with("REFRACT_DATABASE_URL", url).start_sharing(Arc::clone(&home));
        let servers = thread::scope(|scope| {
            let starting: Vec<_> = urls.iter().map(|url| scope.spawn(move || start(url))).collect();
            starting.into_iter().map(|server| server.join().expect("a node starts")).collect()
        });
        Self { home, servers }
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub(crate) fn database(&self) -> &TestDatabase {
        database(&self.home)
    }

    /// Everything that is stored.
    pub(crate) fn state(&self) -> State {
        state_of(&self.home)
    }

    /// All jobs, in the order in which they were admitted.
    pub(crate) fn jobs(&self) -> Vec<JobRow> {
        jobs(self.database())
    }

    /// Rows of all jobs that have an outcome.
    pub(crate) fn processed(&self) -> u64 {
        self.jobs().iter().map(|job| job.cursor).sum()
    }

    /// Whether no job is left to run.
    pub(crate) fn all_ended(&self) -> bool {
        self.jobs().iter().all(|job| job.has_ended)
    }

    /// All jobs that a node holds; a job that changes hands at this moment may be missing.
    pub(crate) fn held(&self) -> Vec<Held> {
        let running = self.jobs().into_iter().filter(|job| job.is_running);
        running.filter_map(|job| Some(Held { node: self.holder(&job)?, job })).collect()
    }

    /// Waits until a node holds a job; `None` when all have ended.
    pub(crate) fn wait_for_held(&self, choose: impl FnOnce(usize) -> usize) -> Option<Held> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut held = self.held();
            if !held.is_empty() {
                return Some(held.swap_remove(choose(held.len())));
            }
            if self.all_ended() {
                return None;
            }
            assert!(Instant::now() < deadline, "nobody takes what is left: {:?}", self.jobs());
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Who said that it claimed this attempt; each attempt is claimed once.
    fn holder(&self, job: &JobRow) -> Option<usize> {
        let signs = ["job claimed", &job.id, &format!("\"attempt\":{},", job.attempt)].map(str::to_owned);
        let says = |line: &String| signs.iter().all(|sign| line.contains(sign));
        self.servers.iter().position(|server| server.log().since(0).iter().any(says))
    }

    /// Waits until every job is complete, as a node tells.
    pub(crate) fn wait_for_all(&self, node: usize, jobs: &[Watched]) {
        for job in jobs {
            let ended = job.client(self.servers[node].address()).wait_for_job(&job.location);
            assert_eq!(ended["status"], "complete", "{}", ended["error"]);
        }
    }

    /// Ends all in order.
    pub(crate) fn stop(&mut self) {
        self.servers.iter().for_each(Server::terminate);
        for server in &mut self.servers {
            let status = server.wait(PATIENCE).expect("SIGTERM ends a node");
            assert!(status.success(), "it ends in order: {status}");
        }
    }
}

impl Deref for Nodes {
    type Target = [Server];

    fn deref(&self) -> &[Server] {
        &self.servers
    }
}

impl DerefMut for Nodes {
    fn deref_mut(&mut self) -> &mut [Server] {
        &mut self.servers
    }
}

/// The database of a home that has one.
pub(crate) fn database(home: &Home) -> &TestDatabase {
    home.database().expect("nodes share a database")
}

/// A connection string under whose connections the database shows this name.
pub(crate) fn named(url: &str, name: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}application_name={name}")
}

fn jobs(database: &TestDatabase) -> Vec<JobRow> {
    let rows = database.sql(
        "SELECT id, attempt, cursor, (state = 'running')::int, (ended_at IS NOT NULL)::int FROM job ORDER BY created_at, id",
    );
    let number = |cell: &Option<String>| cell.as_deref().and_then(|text| text.parse().ok()).expect("a number");
    let row = |cells: &Vec<Option<String>>| JobRow {
        id: cells[0].clone().expect("an id"),
        attempt: u32::try_from(number(&cells[1])).expect("few attempts"),
        cursor: number(&cells[2]),
        is_running: number(&cells[3]) == 1,
        has_ended: number(&cells[4]) == 1,
    };
    rows.iter().map(row).collect()
}

/// How long it takes, by the database's clock, until a job is claimed anew or ends.
pub(crate) struct Takeover<'a> {
    database: &'a TestDatabase,
    job: JobRow,
    since_ms: u64,
}

impl<'a> Takeover<'a> {
    /// From now on. `None` when the job is not held any more as it was.
    pub(crate) fn begin(database: &'a TestDatabase, held: &Held) -> Option<Self> {
        let since_ms = now_ms(database);
        let job = jobs(database).into_iter().find(|job| job.id == held.job.id)?;
        let is_held = job.is_running && job.attempt == held.job.attempt;
        is_held.then_some(Self { database, job, since_ms })
    }

    /// Waits for it.
    pub(crate) fn wait(&self, limit: Duration) -> Duration {
        loop {
            let now_ms = now_ms(self.database);
            let took = Duration::from_millis(now_ms.saturating_sub(self.since_ms));
            let job = jobs(self.database).into_iter().find(|job| job.id == self.job.id).expect("the job is there");
            if job.has_ended || job.attempt > self.job.attempt {
                return took;
            }
            assert!(took < limit, "nobody has taken {job:?} over in {took:?}");
            thread::sleep(LOOK_EVERY);
        }
    }
}

fn now_ms(database: &TestDatabase) -> u64 {
    let rows = database.sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    rows[0][0].as_deref().and_then(|text| text.parse().ok()).expect("an instant")
}
