//! Settings: which layer wins, and what a wrong one looks like from outside.

use std::fs;

use super::program::{Outcome, Program};

/// A configuration is refused in one line.
#[track_caller]
fn refused(outcome: Outcome, parts: &[&str]) {
    let outcome = outcome.code(78);
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    for part in parts {
        assert!(outcome.stderr.contains(part), "no {part:?} in {outcome:?}");
    }
}

fn serve_with_file(text: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refract.toml");
    fs::write(&path, text).unwrap();
    Program::new("serve --config").arg(&path).run()
}

#[test]
fn flag_wins_over_environment_over_file_over_default() {
    let program = || Program::new("teams list --output json");
    let stores = tempfile::tempdir().unwrap();
    let store = |name: &str| {
        let folder = stores.path().join(name);
        Program::new(&format!("teams create --name {name} --data-dir")).arg(&folder).run().code(0);
        folder
    };
    let (by_flag, by_variable, by_file) = (store("flag"), store("variable"), store("file"));
    let config = stores.path().join("refract.toml");
    fs::write(&config, format!("data_dir = {:?}", by_file.display().to_string())).unwrap();
    let name_of = |outcome: Outcome| outcome.code(0).json()[0]["name"].as_str().unwrap().to_owned();

    let all = || program().env("REFRACT_CONFIG", &config).env("REFRACT_DATA_DIR", &by_variable);
    assert_eq!(name_of(all().arg("--data-dir").arg(&by_flag).run()), "flag");
    assert_eq!(name_of(all().run()), "variable");
    assert_eq!(name_of(program().env("REFRACT_CONFIG", &config).run()), "file");
    assert_eq!(name_of(program().arg("--config").arg(&config).env("REFRACT_CONFIG", "/nowhere").run()), "file");
    let at_home = program();
    Program::new("teams create --name home --data-dir").arg(at_home.home().join(".local/share/refract")).run().code(0);
    assert_eq!(name_of(at_home.run()), "home");
}

#[test]
fn unknown_keys_of_the_file_are_refused_with_the_nearest() {
    refused(serve_with_file("sync_max_row = 5"), &["refract.toml", "unknown key sync_max_row;", "sync_max_rows?"]);
    refused(serve_with_file("[limits]\nrows_max = 1"), &["unknown key limits"]);
    refused(serve_with_file("listen = "), &["line 1 is not TOML"]);
    refused(Program::new("serve --config /nowhere/refract.toml").run(), &["/nowhere/refract.toml", "no such file"]);
}

#[test]
fn a_wrong_value_is_told_with_setting_and_source() {
    refused(serve_with_file("job_retention = 7"), &["job_retention", "refract.toml", "\"7\"", "7d"]);
    let by_variable = Program::new("serve").env("REFRACT_BODY_BYTES_MAX", "12 parsecs").run();
    refused(by_variable, &["body_bytes_max", "environment variable REFRACT_BODY_BYTES_MAX", "\"12 parsecs\"", "1MiB"]);
    refused(Program::new("serve --listen 8420").run(), &["listen", "flag --listen", "127.0.0.1:8420"]);
}

#[test]
fn no_secret_is_ever_shown() {
    let by_variable = Program::new("serve").env("REFRACT_BOOTSTRAP_API_KEY", "canary short").run().code(78);
    assert!(!by_variable.stderr.contains("canary"), "{by_variable:?}");
    let garbled = serve_with_file("bootstrap_api_key = \"canary-key-of-the-file\nlisten = 1").code(78);
    assert!(!garbled.stderr.contains("canary"), "{garbled:?}");
}

#[cfg(unix)]
#[test]
fn a_file_with_a_secret_must_be_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refract.toml");
    fs::write(&path, "bootstrap_api_key = \"canary-key-of-the-file\"\nlisten = \"nonsense\"").unwrap();
    let run = || Program::new("serve --config").arg(&path).run();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    refused(run(), &["others can read it", "chmod 600"]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    refused(run(), &["listen", "nonsense"]);
}
