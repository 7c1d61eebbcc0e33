//! Teams and keys in a data directory, with and without a server on it.

use std::time::{Duration, Instant};

use super::program::{Outcome, Program};
use super::support::server::Launch;

fn on(data: &std::path::Path, arguments: &str) -> Outcome {
    Program::new(arguments).env("REFRACT_DATA_DIR", data).run()
}

#[test]
fn teams_and_keys_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    on(&data, "teams list").code(1).tells("there is no store in");
    assert!(!data.exists(), "looking makes nothing");

    let sales = on(&data, "teams create --name Sales --output json").code(0).json();
    let team = sales["team_id"].as_str().unwrap();
    let made = on(&data, "keys create --label nightly --output json").code(0).json();
    assert_eq!(made["team_id"], team);
    let key = made["api_key"].as_str().unwrap();
    assert!(refract_app::keys::is_well_formed(key), "{key}");
    on(&data, "keys create --read-only").code(0);

    let listed = on(&data, "keys list --output json").code(0);
    assert!(!listed.stdout.contains(key), "a key is shown only once");
    let accesses: Vec<_> = listed.json().as_array().unwrap().iter().map(|key| key["access"].clone()).collect();
    assert_eq!(accesses, ["write", "read"]);

    let revoke = format!("keys revoke {}", made["key_id"].as_str().unwrap());
    on(&data, &revoke).code(0);
    on(&data, &revoke).code(1).tells("was revoked before");
    let listed = on(&data, "keys list --output json").code(0).json();
    assert!(listed[0]["revoked_at"].is_string() && listed[1]["revoked_at"].is_null(), "{listed}");
    let table = on(&data, "keys list").code(0).stdout;
    assert!(table.starts_with("KEY") && table.contains("nightly"), "{table}");
}

#[test]
fn with_several_teams_one_must_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let team_of = |name: &str| {
        let made = on(folder.path(), &format!("teams create --output json --name {name}")).code(0).json();
        made["team_id"].as_str().unwrap().to_owned()
    };
    let (_, second) = (team_of("One"), team_of("Two"));
    on(folder.path(), "keys create").code(2).tells("--team-id");
    let made = on(folder.path(), &format!("keys create --output json --team-id {second}")).code(0).json();
    assert_eq!(made["team_id"], second.as_str());
    on(folder.path(), "keys list --team-id 0b8f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a10").code(1).tells("no team");
    on(folder.path(), "keys revoke not-an-id").code(2).tells("keys list");
}

#[test]
fn a_running_server_sees_new_and_revoked_keys() {
    let server = Launch::new().start();
    let data = server.data_dir().to_owned();
    let team = super::support::server::TEAM_ID;
    let made = on(&data, &format!("keys create --output json --team-id {team}")).code(0).json();
    let mut tenant = server.tenant();
    tenant.key = made["api_key"].as_str().unwrap().to_owned();
    assert_eq!(server.client(&tenant).count("contact"), 0);

    on(&data, &format!("keys revoke {}", made["key_id"].as_str().unwrap())).code(0);
    let revoked_at = Instant::now();
    let client = server.client(&tenant);
    loop {
        let status = client.get(&client.path("contact/count")).status;
        if status == 403 {
            break;
        }
        assert!(revoked_at.elapsed() < Duration::from_secs(6), "still answered {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
