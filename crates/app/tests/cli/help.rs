//! Help, version, completions, and what is no command line.

use super::program::Program;

const COMMANDS: [&str; 10] =
    ["serve", "demo", "import", "status", "keys", "keys create", "keys list", "keys revoke", "teams", "copy"];

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let help = Program::new(&format!("{command} --help")).run().code(0);
        assert!(help.stdout.contains(&format!("Usage: refract {command}")), "{}", help.stdout);
        let has_example = help.stdout.contains("Example") || command.contains(' ');
        assert!(has_example, "{command}: {}", help.stdout);
        assert!(help.stderr.is_empty());
    }
}

#[test]
fn settings_show_their_variable_and_default() {
    let help = Program::new("serve --help").run().code(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "--listen <ADDRESS:PORT> Where to listen; port 0 picks a free one [env: REFRACT_LISTEN] [default: 127.0.0.1:8420]",
        "[env: REFRACT_BODY_BYTES_MAX] [default: 2GiB]",
        "[env: REFRACT_JOB_RETENTION] [default: 7d]",
        "[env: REFRACT_RATE_LIMIT_PER_SECOND] [default: off]",
    ] {
        assert!(help.contains(expected), "no {expected:?} in {help}");
    }
    let help = Program::new("import --help").run().code(0).stdout;
    assert!(help.contains("REFRACT_API_KEY or MICRO_API_KEY") && help.contains("REFRACT_SERVER or MICRO_BASE_URL"));
}

#[test]
fn a_secret_of_the_environment_does_not_show_in_help() {
    let help = Program::new("import --help").env("REFRACT_API_KEY", "canary-key").run().code(0);
    assert!(!help.stdout.contains("canary-key"), "{}", help.stdout);
}

#[test]
fn version_and_completions_go_to_stdout() {
    let version = Program::new("version").run().code(0).stdout;
    assert_eq!(version, format!("refract {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(Program::new("--version").run().code(0).stdout, version);
    for shell in ["bash", "zsh", "fish"] {
        assert!(Program::new(&format!("completions {shell}")).run().code(0).stdout.contains("refract"));
    }
}

#[test]
fn nonsense_is_a_usage_error() {
    for arguments in ["", "serv", "serve --listn x", "import", "import file", "import f --type event", "status", "keys"]
    {
        let outcome = Program::new(arguments).run().code(2);
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty(), "{outcome:?}");
    }
    Program::new("serve --listn x").run().tells("--listen");
}
