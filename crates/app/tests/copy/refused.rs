//! What cannot be copied, and from where and where to it cannot.

use refract_testkit::postgres::TestDatabase;

use super::interrupted::{copy_halfway, stopped};
use super::program::Program;
use super::source::{copy, launch};
use super::support::home::Home;

#[test]
fn a_database_that_holds_something_is_refused() {
    let server = stopped(20);
    let database = TestDatabase::create();
    let made = Program::new("teams create --name Theirs").env("REFRACT_DATABASE_URL", database.url()).run();
    made.code(0);
    let secret = || database.sql("SELECT key_secret FROM installation");
    let before = secret();
    let refused = copy(&server, &database, "").code(1).tells("is not empty: it holds 1 team");
    assert!(refused.stderr.contains("createdb"), "{}", refused.stderr);
    assert_eq!(secret(), before, "nothing was changed");
    Program::new("teams list").env("REFRACT_DATABASE_URL", database.url()).run().code(0);

    // Nor is one that a copy has filled: it is a store of its own by now.
    let empty = TestDatabase::create();
    copy(&server, &empty, "").code(0);
    copy(&server, &empty, "").code(1).tells("is not empty");
}

#[test]
fn a_database_that_is_half_full_of_another_store_is_refused() {
    let (one, other) = (stopped(2_000), stopped(20));
    let database = TestDatabase::create();
    copy_halfway(&one, &database, 10);
    copy(&other, &database, "").code(1).tells("is being filled from another store");
    copy(&one, &database, "").code(0).tells("goes on where it ended");
}

#[test]
fn a_folder_in_use_is_refused_and_so_is_one_without_a_store() {
    let server = launch(true).start_in(Home::in_folder());
    let database = TestDatabase::create();
    copy(&server, &database, "").code(1).tells("stop the server there first");
    let nowhere = tempfile::tempdir().expect("a folder");
    let on = |folder: &std::path::Path, url: &str| {
        Program::new("copy").env("REFRACT_COPY_FROM", folder).env("REFRACT_COPY_TO", url).run()
    };
    on(nowhere.path(), &database.url()).code(1).tells("there is no store in");
    assert!(nowhere.path().read_dir().expect("a folder").next().is_none(), "nothing was made");
    let untouched = database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(untouched, [[Some("0".to_owned())]]);
}

#[test]
fn a_wrong_address_is_told_without_its_password() {
    let server = stopped(20);
    let to =
        |url: &str| Program::new("copy").env("REFRACT_COPY_FROM", server.data_dir()).env("REFRACT_COPY_TO", url).run();
    let nonsense = to("canary-password").code(2).tells("--to: expected an address such as postgres://");
    let nobody = to("postgres://ann:canary-password@127.0.0.1:1/d").code(5).tells("is PostgreSQL running there");
    for outcome in [nonsense, nobody] {
        assert!(!outcome.stderr.contains("canary-password"), "{}", outcome.stderr);
    }
    Program::new("copy --from somewhere").run().code(2).tells("--to");
}
