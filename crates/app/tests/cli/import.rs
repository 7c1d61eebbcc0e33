//! `refract import` against a real server: files in, exit codes and summaries out.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::program::{Program, ended_within, signal};
use super::support::server::{Launch, Server};

fn server() -> Server {
    Launch::new().start()
}

/// Contacts as NDJSON; every tenth has a number where a name belongs in a list, which is a bad row.
fn contacts(rows: usize, bad_every: Option<usize>) -> String {
    let mut text = String::new();
    for row in 0..rows {
        let name = match bad_every {
            Some(every) if row % every == every - 1 => "[\"a\",\"b\"]".to_owned(),
            _ => format!("\"Person {row}\""),
        };
        writeln!(text, r#"{{"default":{{"email":"p{row}@example.org","full_name":{name}}}}}"#).unwrap();
    }
    text
}

fn import(server: &Server, arguments: &str) -> Program {
    Program::new(&format!("import --type contact {arguments}")).client_of(server, &server.tenant())
}

#[test]
fn a_small_import_is_answered_at_once() {
    let server = server();
    let first = import(&server, "- --dedupe-by email --output json").input(contacts(3, None)).run().code(0).json();
    assert_eq!((&first["job_id"], &first["created"], &first["status"]), (&().into(), &3.into(), &"complete".into()));
    let again = import(&server, "- --dedupe-by email").input(contacts(4, None)).run().code(0);
    let shown = again.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.starts_with("contact import: complete rows 4 created 1 existing 3 updated 0 rejected 0"), "{shown}");
    assert_eq!(server.client(&server.tenant()).count("contact"), 4);
}

#[test]
fn a_large_import_tells_which_rows_failed() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let (file, results) = (folder.path().join("people.ndjson"), folder.path().join("results"));
    fs::write(&file, contacts(300, Some(10))).unwrap();
    let run = |output: &str| {
        import(&server, &format!("--dedupe-by email --output {output}")).arg("--results").arg(&results).arg(&file).run()
    };
    let summary = run("json").code(3).tells("accepted as job").json();
    assert_eq!((&summary["total"], &summary["created"], &summary["rejected"]), (&300.into(), &270.into(), &30.into()));
    assert_eq!((&summary["succeeded"], &summary["failed"]), (&270.into(), &30.into()));
    let errors = summary["row_errors"].as_array().unwrap();
    assert_eq!(errors.len(), 20);
    assert_eq!((&errors[0]["row"], &errors[0]["code"]), (&10.into(), &"invalid_value".into()));
    let kept = fs::read_to_string(&results).unwrap();
    let indexes: Vec<u64> = kept
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["input_index"].as_u64().unwrap())
        .collect();
    assert_eq!(indexes, (0..300).collect::<Vec<u64>>());

    let shown = run("text").code(3).stdout;
    assert!(shown.contains("row 10:") && shown.contains("full_name") && shown.contains("and 10 more"), "{shown}");
}

#[test]
fn options_travel_and_bodies_may_carry_their_own() {
    let server = server();
    let row = |email: &str, name: &str| format!(r#"{{"default":{{"email":"{email}","full_name":"{name}"}}}}"#);
    let created = import(&server, "- --output json").input(format!("[{}]", row("a@x.io", "A"))).run().code(0).json();
    assert_eq!(created["created"], 1);
    let updating = "- --dedupe-by email --update-existing --output json";
    let updated = import(&server, updating).input(format!("[{}]", row("A@x.io", "B"))).run().code(0).json();
    assert_eq!(updated["updated"], 1);
    let sensitive = "- --dedupe-by email --case-sensitive --output json";
    let apart = import(&server, sensitive).input(row("a@X.io", "C")).run().code(0).json();
    assert_eq!(apart["created"], 1);
    let body = format!(r#"{{"objects":[{}],"options":{{"dedupe_by":"full_name"}}}}"#, row("new@x.io", "B"));
    let matched = import(&server, "- --output json").input(body.clone()).run().code(0).json();
    assert_eq!(matched["existing"], 1);
    import(&server, "- --dedupe-by email").input(body).run().code(1).tells("its own options");
    import(&server, "- --dedupe-by emial").input("[]").run().code(1).tells("emial").tells("invalid_request");
}

#[test]
fn an_unreadable_file_imports_nothing() {
    let server = server();
    import(&server, "-").input("{\"objects\": [{}").run().code(1).tells("invalid_json");
    import(&server, "- --format json").input("email,name").run().code(1).tells("neither a JSON array");
    import(&server, "-").input("email,name\na@x.io,\"B\n").run().code(1).tells("line 2").tells("quote");
    import(&server, "- --dedupe-by email").input("mail address x,city\n1,2\n").run().code(1).tells("--map");
    import(&server, "/nowhere/people.json").run().code(2).tells("/nowhere/people.json");
    import(&server, "people.xls").run().code(2).tells("XLSX");
    import(&server, "- --map email").input("email\n").run().code(2).tells("COLUMN=SLUG");
    import(&server, "- --map a=email").input("[]").run().code(2).tells("JSON");
    import(&server, "- --update-existing").input("[]").run().code(2).tells("--dedupe-by");
    assert_eq!(server.client(&server.tenant()).count("contact"), 0);
}

#[test]
fn a_line_that_is_no_json_fails_alone() {
    let server = server();
    let broken = contacts(500, None) + "{\"default\":\n";
    let told = import(&server, "- --format ndjson --output json").input(broken).run().code(3).json();
    assert_eq!((&told["created"], &told["row_errors"][0]["code"]), (&500.into(), &"invalid_json".into()), "{told}");
    let flat = "{\"email\":\"a@x.io\"}\n{\"email\":\"b@x.io\"}\n";
    import(&server, "-").input(flat).run().code(0);
    assert_eq!(server.client(&server.tenant()).count("contact"), 502);
}

#[test]
fn a_table_is_imported_as_it_is_and_can_be_told_what_it_means() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.csv");
    fs::write(&file, "E-Mail;Name;Shoe size\nada@example.org;Ada;38\n;Nobody;\n").unwrap();
    let unmapped = import(&server, "--dedupe-by email").arg(&file).run().code(1).tells("Shoe size").tells("--map");
    assert!(unmapped.stdout.is_empty(), "{unmapped:?}");
    let mapped = || import(&server, "--dedupe-by email --output json --map").arg("Shoe size=").arg(&file);
    let told = mapped().run().code(0).json();
    assert_eq!((&told["total"], &told["created"]), (&2.into(), &2.into()), "{told}");
    assert_eq!(mapped().run().code(0).json()["existing"], 1, "a row without the key makes a record");
}

#[test]
fn lines_above_a_table_are_told_and_can_be_told() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.csv");
    fs::write(&file, "Contacts\n\nname,e-mail,employees\nAda,ada@x.io,3\n").unwrap();
    let run = |options: &str| {
        import(&server, &format!("--option unknown_properties=ignore --dedupe-by email {options}")).arg(&file).run()
    };
    let found = run("").code(0).stdout;
    assert!(found.contains("2 lines above the table were left out; --skip-rows"), "{found}");
    assert!(run("--skip-rows 0").code(1).stderr.contains("options.skip_rows"));
    assert_eq!(run("--skip-rows 2 --output json").code(0).json()["existing"], 1);
}

#[test]
fn a_refused_key_is_told_before_a_large_body_is_sent() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.ndjson");
    fs::write(&file, contacts(300_000, None)).unwrap();
    let wrong = || import(&server, "").arg(&file).env("REFRACT_API_KEY", "a-key-nobody-has-made");
    wrong().run().code(4).tells("--api-key");
    let none = Program::new("import --type contact").arg(&file).env("REFRACT_TEAM_ID", &server.tenant().team).run();
    none.code(4).tells("no API key");
    let read_only = server.make_key(&server.tenant().team, &["--read-only"]).0;
    import(&server, "- --quiet").input("[{}]").env("REFRACT_API_KEY", read_only).run().code(4);
}

#[test]
fn a_server_that_is_not_there_is_told_so() {
    let client =
        |program: Program| program.env("REFRACT_API_KEY", "k").env("REFRACT_TEAM_ID", super::support::server::TEAM_ID);
    let away = client(Program::new("import - --type contact --server http://127.0.0.1:9")).input("[{}]").run();
    let away = away.code(5).tells("http://127.0.0.1:9 cannot be reached").tells("refract serve");
    assert!(!away.stderr.contains("idempotency"), "nothing can have got through: {away:?}");
    client(Program::new("status 0b8f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a10 --server http://127.0.0.1:9")).run().code(5);
}

#[test]
fn the_variables_of_the_public_clients_work_too() {
    let server = server();
    let tenant = server.tenant();
    Program::new(&format!("import - --type contact --team-id {}", tenant.team))
        .env("MICRO_BASE_URL", format!("http://{}/", server.address()))
        .env("MICRO_API_KEY", &tenant.key)
        .input("[{}]")
        .run()
        .code(0);
}

#[test]
fn a_repeated_run_with_the_same_idempotency_key_imports_once() {
    let server = server();
    let run =
        || import(&server, "- --idempotency-key nightly-1 --output json").input(contacts(150, None)).run().code(0);
    let (first, second) = (run().json(), run().json());
    assert_eq!(first["job_id"], second["job_id"]);
    assert_eq!(server.client(&server.tenant()).count("contact"), 150);
}

#[test]
fn ctrl_c_ends_an_upload_with_130() {
    let server = server();
    let program = import(&server, "- --format ndjson");
    let (mut child, _home) = program.spawn(Stdio::piped(), Stdio::null(), Stdio::null());
    // Standard input stays open: the upload waits for more. The handler is there once the request has reached the server.
    let deadline = Instant::now() + Duration::from_secs(20);
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), contacts(5_000, None).as_bytes()).unwrap();
    while !is_connected(&server) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(200));
    signal(&child, "INT");
    assert_eq!(ended_within(&mut child, Duration::from_secs(5)), Some(130));
    assert_eq!(server.client(&server.tenant()).count("contact"), 0);
}

#[test]
fn ctrl_c_leaves_an_accepted_job_to_itself() {
    let server = Launch::new().with("REFRACT_RUN_JOBS", "false").start();
    let (mut child, _home) = import(&server, "-").spawn(Stdio::piped(), Stdio::null(), Stdio::piped());
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), contacts(150, None).as_bytes()).unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let accepted = told.find(|line| line.starts_with("accepted as job ")).expect("the job is accepted");
    let job_id = accepted.rsplit(' ').next().unwrap().to_owned();
    signal(&child, "INT");
    assert_eq!(ended_within(&mut child, Duration::from_secs(5)), Some(130));
    let hint = format!("refract status {job_id} --watch");
    assert!(told.any(|line| line.contains(&hint)), "no {hint:?}");
}

/// Whether the server holds a connection, as far as the system's table tells.
fn is_connected(server: &Server) -> bool {
    let port = format!(":{:04X} ", server.address().port());
    fs::read_to_string("/proc/net/tcp").is_ok_and(|table| {
        table
            .lines()
            .any(|line| line.split(' ').filter(|part| !part.is_empty()).nth(3) == Some("01") && line.contains(&port))
    })
}
