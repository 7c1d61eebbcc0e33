//! `cargo xtask test`: everything a change must pass, on a machine that has Rust and Python and nothing else.
//!
//! Owns the order of the steps and what each needs installed. A step that fails does not stop the others: one run tells
//! all that is wrong. One PostgreSQL server serves all steps. Knows nothing of what the tests test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::postgres::{self, Place, Postgres};
use crate::{tidy, workspace};

#[derive(Args)]
pub(crate) struct SuiteArgs {
    /// Run these steps only, in the usual order.
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<String>,
    /// List the steps and end.
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Surroundings) -> Result<()>,
}

/// The variable that says which store the black-box tests start their servers on.
const STORE_VARIABLE: &str = "REFRACT_TEST_STORE";

const STEPS: [Step; 11] = [
    Step { name: "fmt", about: "the code is formatted", run: check_format },
    Step { name: "tidy", about: "the house rules hold", run: check_tidy },
    Step { name: "clippy", about: "no lint warns", run: check_lints },
    Step { name: "build", about: "the binary builds", run: build_server },
    Step { name: "tests", about: "unit, integration and property tests", run: run_tests },
    Step { name: "postgres", about: "the black-box tests with servers on PostgreSQL", run: run_black_box_on_postgres },
    Step { name: "nodes", about: "several nodes on one database: killed, frozen, cut off, racing", run: run_nodes },
    Step { name: "docs", about: "examples in the docs of the code run", run: run_doc_tests },
    Step { name: "python", about: "the official Python client against a running server", run: run_python },
    Step {
        name: "openapi",
        about: "the OpenAPI document is valid, and the server does what it says",
        run: run_openapi,
    },
    Step { name: "python-postgres", about: "the same against a server on PostgreSQL", run: run_python_on_postgres },
];

/// What steps share.
#[derive(Default)]
struct Surroundings {
    postgres: Option<Postgres>,
}

impl Surroundings {
    /// The connection string of the server for tests: the one that is named, else one of our own, started when the
    /// first step asks for it.
    fn postgres_url(&mut self) -> Result<String> {
        if let Some(named) = std::env::var(postgres::SERVER_VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Ok(named);
        }
        if self.postgres.is_none() {
            self.postgres = Some(Postgres::start(Place::Memory, &[])?);
        }
        Ok(self.postgres.as_ref().map(|server| server.url.clone()).unwrap_or_default())
    }

    /// Lets a command's tests use that server, and says which store the servers under test are started on.
    fn on_store(&mut self, command: &mut Command, store: &str) -> Result<()> {
        command.env(postgres::SERVER_VARIABLE, self.postgres_url()?).env(STORE_VARIABLE, store);
        Ok(())
    }
}

struct Outcome {
    name: &'static str,
    took: Duration,
    fault: Option<String>,
}

/// Runs the chosen steps and prints what became of them.
pub(crate) fn run(args: &SuiteArgs) -> Result<ExitCode> {
    if args.list {
        for step in &STEPS {
            println!("{:<16} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut surroundings = Surroundings::default();
    let steps = chosen(&args.only)?;
    let outcomes: Vec<Outcome> = steps.into_iter().map(|step| run_step(step, &mut surroundings)).collect();
    println!("\n{:<16} {:>8}  result", "step", "time");
    for outcome in &outcomes {
        let result = outcome.fault.as_ref().map_or("passed".to_owned(), |fault| format!("FAILED: {fault}"));
        println!("{:<16} {:>6.1} s  {result}", outcome.name, outcome.took.as_secs_f64());
    }
    let failed = outcomes.iter().filter(|outcome| outcome.fault.is_some()).count();
    println!("\n{} passed, {failed} failed", outcomes.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The steps named, or all; an unknown name is an error, so that a misspelt one does not pass by running nothing.
fn chosen(names: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = names.iter().find(|name| !STEPS.iter().any(|step| step.name == **name)) {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("no step is called {unknown:?}; there are {}", known.join(", "));
    }
    Ok(STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)).collect())
}

fn run_step(step: &'static Step, surroundings: &mut Surroundings) -> Outcome {
    println!("\n=== {}: {}", step.name, step.about);
    let started = Instant::now();
    let fault = (step.run)(surroundings).err().map(|fault| format!("{fault:#}"));
    if let Some(fault) = &fault {
        println!("{} failed: {fault}", step.name);
    }
    Outcome { name: step.name, took: started.elapsed(), fault }
}

fn check_format(_: &mut Surroundings) -> Result<()> {
    cargo(&["fmt", "--all", "--check"]).context("format with `cargo fmt --all`")
}

fn check_tidy(_: &mut Surroundings) -> Result<()> {
    ensure!(tidy::run()? == ExitCode::SUCCESS, "a house rule is broken");
    Ok(())
}

fn check_lints(_: &mut Surroundings) -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn build_server(_: &mut Surroundings) -> Result<()> {
    cargo(&["build", "--package", "refract"])
}

fn run_tests(surroundings: &mut Surroundings) -> Result<()> {
    // The tests of several nodes are a step of their own.
    let runs: &[&[&str]] = if has_nextest() {
        &[&["nextest", "run", "--workspace", "--no-fail-fast", "-E", "not binary(nodes)"]]
    } else {
        &[
            &["test", "--workspace", "--exclude", "refract", "--lib", "--bins", "--tests", "--no-fail-fast"],
            &["test", "--package", "refract", "--lib", "--bins", "--test", "[!n]*", "--no-fail-fast"],
        ]
    };
    run_each(runs, "sqlite", surroundings)
}

/// What is timed runs by itself, after the others.
fn run_nodes(surroundings: &mut Surroundings) -> Result<()> {
    const NODES: [&str; 7] = ["test", "--package", "refract", "--test", "nodes", "--", "--nocapture"];
    let (others, timed) = ([&NODES[..], &["--skip", "fairness"]].concat(), [&NODES[..], &["fairness"]].concat());
    run_each(&[&others, &timed], "postgres", surroundings)
}

/// Runs all of them, whatever becomes of the first.
fn run_each(runs: &[&[&str]], store: &str, surroundings: &mut Surroundings) -> Result<()> {
    let mut outcome = Ok(());
    for arguments in runs {
        let mut tests = workspace::cargo(arguments);
        surroundings.on_store(&mut tests, store)?;
        outcome = outcome.and(workspace::run(tests));
    }
    outcome
}

/// What talks to the binary from outside; what it tests of a folder or of the command line alone is left out.
const BLACK_BOX: &[&str] = &[
    "--test",
    "bad_input",
    "--test",
    "races",
    "--test",
    "crash",
    "--test",
    "files",
    "--test",
    "isolation",
    "--test",
    "watching",
];

fn run_black_box_on_postgres(surroundings: &mut Surroundings) -> Result<()> {
    let runner: &[&str] = if has_nextest() { &["nextest", "run"] } else { &["test"] };
    let mut tests = workspace::cargo(runner);
    tests.args(["--package", "refract", "--no-fail-fast"]).args(BLACK_BOX);
    surroundings.on_store(&mut tests, "postgres")?;
    workspace::run(tests)
}

fn has_nextest() -> bool {
    // Its output is not wanted, only whether it is there.
    let mut probe = workspace::cargo(&["nextest", "--version"]);
    let has = probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !has {
        println!("cargo-nextest is not installed: running `cargo test`, which takes a little longer");
    }
    has
}

fn run_doc_tests(_: &mut Surroundings) -> Result<()> {
    cargo(&["test", "--workspace", "--doc", "--no-fail-fast"])
}

fn run_python(surroundings: &mut Surroundings) -> Result<()> {
    run_python_on("sqlite", surroundings)
}

fn run_python_on_postgres(surroundings: &mut Surroundings) -> Result<()> {
    run_python_on("postgres", surroundings)
}

fn run_python_on(store: &str, surroundings: &mut Surroundings) -> Result<()> {
    let folder = workspace::root().join("clients/python");
    let python = python_with_requirements(&folder)?;
    let mut tests = Command::new(python);
    tests.args(["-m", "pytest", "-q"]).current_dir(&folder).stdin(Stdio::null());
    tests.env("REFRACT_BIN", workspace::program("debug", "refract"));
    surroundings.on_store(&mut tests, store)?;
    workspace::run(tests)
}

fn run_openapi(surroundings: &mut Surroundings) -> Result<()> {
    let folder = workspace::root().join("clients/openapi");
    let mut check = Command::new(python_with_requirements(&folder)?);
    check.arg("check.py").current_dir(&folder).stdin(Stdio::null());
    check.env("REFRACT_BIN", workspace::program("debug", "refract"));
    surroundings.on_store(&mut check, "sqlite")?;
    workspace::run(check)
}

/// The interpreter of a virtual environment that holds what `requirements.txt` names. It is made once and made anew when
/// the file changes.
fn python_with_requirements(folder: &Path) -> Result<PathBuf> {
    let requirements = folder.join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).with_context(|| requirements.display().to_string())?;
    let environment = folder.join(".venv");
    let python = environment.join("bin/python");
    let stamp = environment.join("installed-requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&environment).stdin(Stdio::null());
    workspace::run(make)
        .context("Python 3.9 or newer with its venv module is needed (Debian: `apt install python3-venv`)")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    install.arg(&requirements).stdin(Stdio::null());
    workspace::run(install)?;
    fs::write(stamp, wanted)?;
    Ok(python)
}

fn cargo(arguments: &[&str]) -> Result<()> {
    workspace::run(workspace::cargo(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_in_their_own_order_and_none_by_mistake() {
        let names = |only: &[&str]| -> Result<Vec<&str>> {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            Ok(chosen(&only)?.iter().map(|step| step.name).collect())
        };
        assert_eq!(names(&["tests", "fmt"]).unwrap(), ["fmt", "tests"]);
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert!(names(&["fmt", "test"]).unwrap_err().to_string().contains("no step is called \"test\""));
    }

    #[test]
    fn a_failing_step_is_told_with_its_reason() {
        static FAILING: Step = Step { name: "x", about: "fails", run: |_| bail!("for a reason") };
        let surroundings = &mut Surroundings::default();
        assert_eq!(run_step(&FAILING, surroundings).fault.as_deref(), Some("for a reason"));
        static PASSING: Step = Step { name: "y", about: "passes", run: |_| Ok(()) };
        assert_eq!(run_step(&PASSING, surroundings).fault, None);
    }
}
