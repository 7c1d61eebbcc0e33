//! The commands on a PostgreSQL database: settings, teams and keys, migrations, and what is told when it cannot be used.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use refract_testkit::postgres::{PostgresServer, ServerOptions, TestDatabase};

use super::program::{Outcome, Program};
use super::support::home::Home;
use super::support::server::Launch;

/// Stands where a password does: nothing may repeat it.
const CANARY: &str = "canary-password-5d1c";

fn on(url: &str, arguments: &str) -> Outcome {
    let outcome = Program::new(arguments).env("REFRACT_DATABASE_URL", url).run();
    assert!(!outcome.stdout.contains(CANARY) && !outcome.stderr.contains(CANARY), "{outcome:?}");
    outcome
}

#[test]
fn teams_and_keys_live_in_the_database() {
    let database = TestDatabase::create();
    let url = database.url();
    let sales = on(&url, "teams create --name Sales --output json").code(0).json();
    let made = on(&url, "keys create --label nightly --output json").code(0).json();
    assert_eq!(made["team_id"], sales["team_id"]);
    let revoke = format!("keys revoke {}", made["key_id"].as_str().unwrap());
    on(&url, &revoke).code(0);
    on(&url, &revoke).code(1).tells("was revoked before");
    let listed = on(&url, "keys list --output json").code(0).json();
    assert!(listed[0]["revoked_at"].is_string(), "{listed}");
    assert_eq!(on(&url, "teams list --output json").code(0).json()[0]["name"], "Sales");
    let kept = database.sql("SELECT label FROM api_key");
    assert_eq!(kept, [[Some("nightly".to_owned())]]);
}

/// The schema is made, the team and its key too, by whichever server comes first; the others take them as they are.
#[test]
fn servers_that_start_together_share_an_empty_database() {
    let home = Arc::new(Home::in_database());
    let servers: Vec<_> = thread::scope(|scope| {
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| Launch::new().start_sharing(Arc::clone(&home)))).collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    let tenant = servers[0].tenant();
    let body = r#"{"objects":[{"default":{"email":"ada@example.org"}}]}"#;
    assert_eq!(servers[0].client(&tenant).import("contact", body).status, 200);
    for server in &servers {
        assert_eq!(server.client(&tenant).count("contact"), 1, "they say the same");
    }
    assert_eq!((home.rows_of("team"), home.rows_of("api_key")), (1, 1));
}

#[test]
fn migrations_go_forward_and_say_so() {
    let database = TestDatabase::create();
    let url = database.url();
    let first = on(&url, "migrate --output json").code(0).json();
    assert_eq!(first["from"], 0);
    let newest = first["to"].as_i64().unwrap();
    assert!(newest >= 1, "{first}");
    let again = on(&url, "migrate").code(0).stdout;
    assert!(again.contains(&format!("has version {newest} already")), "{again}");
    database.sql(&format!("INSERT INTO schema_version (version) VALUES ({})", newest + 8));
    for command in ["migrate", "teams list", "serve --listen 127.0.0.1:0"] {
        let refused = on(&url, command).code(1);
        let (theirs, ours) = (format!("version {}", newest + 8), format!("up to {newest}"));
        assert!(refused.stderr.contains(&theirs) && refused.stderr.contains(&ours), "{command}: {}", refused.stderr);
    }
}

#[test]
fn a_folder_is_migrated_alike() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let migrate = |arguments: &str| Program::new(arguments).env("REFRACT_DATA_DIR", &data).run();
    migrate("migrate").code(1).tells("there is no store in");
    migrate("teams create").code(0);
    let again = migrate("migrate --output json").code(0).json();
    assert_eq!(again["from"], again["to"]);
    assert_eq!(again["store"].as_str(), data.to_str());
}

#[test]
fn a_folder_and_a_database_together_are_refused() {
    let refused = on("postgres://ann:canary-password-5d1c@h/d", "serve --data-dir /nowhere").code(78);
    refused.tells("data_dir is set too (flag --data-dir)");
    on("mysql://ann:canary-password-5d1c@h/d", "serve").code(78).tells("REFRACT_DATABASE_URL");
}

#[test]
fn what_stands_in_the_way_is_told_with_its_remedy() {
    let server = PostgresServer::start(ServerOptions { tcp: true, ..ServerOptions::default() });
    let url = server.tcp_url();
    let mistyped = url.replace("not-a-secret", CANARY);
    on(&mistyped, "serve --listen 127.0.0.1:0").code(5).tells("%XX");
    let nothing = format!("{}/nothing", url.rsplit_once('/').unwrap().0);
    on(&nothing, "teams list").code(5).tells("createdb");
    server.stop_immediately();
    let away = on(&mistyped, "migrate").code(5);
    away.tells("is PostgreSQL running there");
    server.start_again();
    on(&url, "migrate").code(0);
}

#[test]
fn a_database_that_forgets_is_refused() {
    let settings = "fsync = off".to_owned();
    let server = PostgresServer::start(ServerOptions { settings, ..ServerOptions::default() });
    on(&server.create_database().url(), "serve --listen 127.0.0.1:0").code(1).tells("fsync = off");
}

/// A server with a certificate of an authority of our own.
struct Certified {
    server: PostgresServer,
    authority: tempfile::TempDir,
}

impl Certified {
    fn start() -> Self {
        let authority = tempfile::tempdir().unwrap();
        let folder = authority.path();
        openssl(folder, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
        openssl(folder, "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
        std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
        let sign =
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem";
        openssl(folder, sign);
        let settings = "log_connections = on".to_owned();
        let server = PostgresServer::start(ServerOptions { tcp: true, settings, ..ServerOptions::default() });
        server.encrypt(&folder.join("server.pem"), &folder.join("server.key"));
        Self { server, authority }
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("openssl is installed").success(), "openssl {arguments}");
}

#[test]
fn a_required_encryption_verifies_the_servers_name() {
    let certified = Certified::start();
    let by_name = certified.server.tcp_url().replace("127.0.0.1", "localhost");
    let trusted = certified.authority.path().join("ca.pem");
    let migrate = |url: &str, is_trusting: bool| {
        let program = Program::new("migrate").env("REFRACT_DATABASE_URL", format!("{url}?sslmode=require"));
        let trusting = if is_trusting { trusted.as_os_str() } else { "".as_ref() };
        program.env("REFRACT_DATABASE_ROOT_CERTIFICATES", trusting).run()
    };
    migrate(&by_name, true).code(0);
    migrate(&by_name, false).code(5).tells("database_root_certificates");
    // The certificate is for a name, not for this address.
    migrate(&certified.server.tcp_url(), true).code(5).tells("database_root_certificates");
    // Without a demand the connection is encrypted all the same.
    let before = certified.server.log().matches("SSL enabled").count();
    on(&by_name, "migrate").code(0);
    assert!(certified.server.log().matches("SSL enabled").count() > before, "{}", certified.server.log());
}
