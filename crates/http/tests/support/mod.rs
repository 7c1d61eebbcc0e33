//! A whole server for tests: the embedded store in a folder of its own, the engine, two teams with keys, and the API as a
//! service or on a socket.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub
)]

pub mod jobs;
pub mod raw;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use refract_domain::clock::{Clock, Timestamp};
use refract_domain::ids::{ApiKeyId, TeamId};
use refract_domain::limits::ImportLimits;
use refract_engine::{Access, ApiKey, Engine, EngineSettings, IdSource, SharedStore};
use refract_http::HttpSettings;
use refract_store::{NewApiKey, Team};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use uuid::Uuid;

pub const TEAM: &str = "0b8f2d6e-0000-4000-8000-00000000000a";
pub const OTHER_TEAM: &str = "0b8f2d6e-0000-4000-8000-00000000000b";
pub const KEY: &str = "rk_the_key_of_team_a";
pub const OTHER_KEY: &str = "rk_the_key_of_team_b";
pub const READ_KEY: &str = "rk_the_key_that_reads";
pub const REVOKED_KEY: &str = "rk_the_key_of_yesterday";

/// A clock that the tests move, and can break.
pub struct TestClock(AtomicI64);

/// A time at which the clock panics, and whoever asks it.
const BROKEN: i64 = i64::MIN;

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Makes every look at the clock panic; gives back what mends it.
    pub fn break_it(&self) -> i64 {
        self.0.swap(BROKEN, Ordering::SeqCst)
    }

    pub fn mend(&self, to: i64) {
        self.0.store(to, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        // A millisecond a look, so that what is ordered in time has an order.
        let now = self.0.load(Ordering::SeqCst);
        assert_ne!(now, BROKEN, "the clock is broken: {KEY}");
        Timestamp(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

struct RandomIds;

impl IdSource for RandomIds {
    fn random_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// The server under test.
pub struct Server {
    pub engine: Arc<Engine>,
    pub store: SharedStore,
    pub clock: Arc<TestClock>,
    pub router: Router,
    settings: HttpSettings,
    _directory: tempfile::TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(HttpSettings::default(), EngineSettings::default()).await
    }

    pub async fn with_limits(limits: ImportLimits) -> Self {
        Self::with(HttpSettings::default(), EngineSettings { limits, ..EngineSettings::default() }).await
    }

    /// One whose store lets no query take any time.
    pub async fn without_patience() -> Self {
        let hasty = SqliteSettings { query_within: Duration::ZERO, ..SqliteSettings::default() };
        Self::on_store(&hasty, HttpSettings::default(), EngineSettings::default()).await
    }

    pub async fn with(settings: HttpSettings, engine_settings: EngineSettings) -> Self {
        Self::on_store(&SqliteSettings::default(), settings, engine_settings).await
    }

    async fn on_store(store: &SqliteSettings, settings: HttpSettings, engine_settings: EngineSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store: SharedStore = Arc::new(SqliteStore::open(directory.path(), store).unwrap());
        let clock = Arc::new(TestClock(AtomicI64::new(1_782_900_000_000)));
        for (number, team, keys) in [
            (
                1,
                TEAM,
                &[(KEY, Access::Write, false), (READ_KEY, Access::Read, false), (REVOKED_KEY, Access::Write, true)][..],
            ),
            (2, OTHER_TEAM, &[(OTHER_KEY, Access::Write, false)]),
        ] {
            add_team(&store, team, number, keys).await;
        }
        let engine = Engine::start(
            Arc::clone(&store),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(RandomIds),
            EngineSettings { poll_every: Duration::from_millis(20), ..engine_settings },
        );
        let router = refract_http::router(Arc::clone(&engine), settings.clone());
        Self { engine, store, clock, router, settings, _directory: directory }
    }

    /// Serves on a free port; the sender tells it to stop, the task ends when it has.
    pub async fn listen(
        &self,
    ) -> (std::net::SocketAddr, tokio::sync::watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let serving = refract_http::serve(listener, Arc::clone(&self.engine), self.settings.clone(), stopped);
        let task = tokio::spawn(async move { serving.await.unwrap() });
        (address, stop, task)
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request("POST", path).body(body.into()).unwrap()).await
    }

    /// Imports contacts with these headers besides.
    pub async fn import(&self, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
        let mut builder = request("POST", &team_path("/contact/import"));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        self.send(builder.body(body.into()).unwrap()).await
    }

    pub async fn count(&self) -> u64 {
        self.get(&team_path("/contact/count")).await.json()["total"].as_u64().unwrap()
    }

    /// Polls a job until it has ended.
    pub async fn wait_for_job(&self, location: &str) -> Value {
        for _ in 0..2_000 {
            let job = self.get(location).await.json();
            if job["status"] != "processing" {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the job does not end");
    }
}

async fn add_team(store: &SharedStore, team: &str, number: u8, keys: &[(&str, Access, bool)]) {
    let team_id = TeamId::parse(team).unwrap();
    let created_at = Timestamp(0);
    assert!(store.create_team(Team { id: team_id, name: team.into(), created_at }).await.unwrap());
    for (place, (text, access, revoked)) in keys.iter().enumerate() {
        let id = ApiKeyId(Uuid::from_u128(u128::from(number) * 100 + place as u128));
        let key = ApiKey { id, team_id, label: String::new(), access: *access, created_at, revoked_at: None };
        let sha256 = Sha256::digest(text.as_bytes()).into();
        assert!(store.create_key(NewApiKey { key, sha256 }).await.unwrap());
        if *revoked {
            assert!(store.revoke_key(id, Timestamp(1)).await.unwrap());
        }
    }
}

/// A request of team A with its key and a JSON body.
pub fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("x-api-key", KEY).header("content-type", "application/json")
}

pub fn team_path(rest: &str) -> String {
    format!("/v2/prism/{TEAM}{rest}")
}

/// A body of `rows` contacts.
pub fn contacts(rows: usize) -> String {
    let rows: Vec<_> = (0..rows).map(|row| format!(r#"{{"default":{{"email":"c{row}@example.org"}}}}"#)).collect();
    format!(r#"{{"objects":[{}]}}"#, rows.join(","))
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.bytes));
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that this is a well-formed error of this status and code.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(body["error"]["code"], body["code"]);
        assert_eq!(body["error"]["message"], body["message"]);
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert_eq!(body["error"]["request_id"].as_str(), self.header("x-request-id"));
        body
    }

    /// The body of an error without the one thing that differs between two requests.
    pub fn without_request_id(&self) -> String {
        let id = self.header("x-request-id").unwrap();
        String::from_utf8(self.bytes.to_vec()).unwrap().replace(id, "")
    }
}
