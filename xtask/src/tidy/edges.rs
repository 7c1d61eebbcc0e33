//! Which crate may depend on which: the arrows of the house never turn round.
//!
//! Owns the tables of allowed edges. Reads manifests only. Dev-dependencies are free, except that nobody but a test may
//! use the testkit: a test may look at the whole house.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::Finding;

/// Folder of a crate, and the crates of ours it may depend on.
const ALLOWED: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("wire", &[]),
    ("files", &[]),
    ("workbook", &["files"]),
    ("store", &["domain"]),
    ("store-sqlite", &["store", "domain"]),
    ("store-postgres", &["store", "domain"]),
    ("engine", &["store", "domain"]),
    ("http", &["engine", "wire", "files", "workbook", "store", "domain"]),
    ("app", &["http", "engine", "wire", "files", "store", "store-sqlite", "store-postgres", "workbook", "domain"]),
    ("testkit", &["store", "domain"]),
    ("xtask", &[]),
];

/// Libraries with few owners.
const OWNED: [(&str, &[&str]); 7] = [
    ("axum", &["http"]),
    ("rusqlite", &["store-sqlite", "xtask"]),
    ("tokio-postgres", &["store-postgres", "testkit", "xtask"]),
    ("deadpool-postgres", &["store-postgres"]),
    ("clap", &["app", "xtask"]),
    ("quick-xml", &["workbook"]),
    ("zip", &["workbook"]),
];

/// Libraries that a crate must do without.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    // Pure: no async, no serde on its own types, no logging.
    ("domain", &["tokio", "serde", "async-trait", "futures-util", "tracing", "jiff"]),
    ("wire", &["tokio", "async-trait", "futures-util", "tracing"]),
    // No word of the wire.
    ("engine", &["serde", "hyper", "hyper-util", "http", "http-body", "tower"]),
];

/// Checks every crate's manifest.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut folders = vec![root.join("xtask")];
    for entry in fs::read_dir(root.join("crates"))? {
        folders.push(entry?.path());
    }
    for folder in folders {
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&manifest)?;
        let relative = manifest.strip_prefix(root).unwrap_or(&manifest);
        findings.extend(check_manifest(relative, &name, &text)?);
    }
    Ok(findings)
}

fn check_manifest(path: &Path, name: &str, text: &str) -> Result<Vec<Finding>> {
    let manifest: Table = text.parse().with_context(|| path.display().to_string())?;
    let Some((_, allowed)) = ALLOWED.iter().find(|(folder, _)| *folder == name) else {
        let message = format!("`{name}` has no row in the table of edges; add one in xtask/src/tidy/edges.rs");
        return Ok(vec![Finding::new(path, 1, message)]);
    };
    let mut findings = Vec::new();
    for dependency in dependencies(&manifest) {
        let Some(message) = fault(name, allowed, &dependency) else {
            continue;
        };
        let line = text.lines().position(|line| line.trim_start().starts_with(dependency.as_str()));
        findings.push(Finding::new(path, line.map_or(1, |index| index + 1), message));
    }
    Ok(findings)
}

/// What is wrong with an edge, if anything.
fn fault(name: &str, allowed: &[&str], dependency: &str) -> Option<String> {
    let ours = if dependency == "refract" { Some("app") } else { dependency.strip_prefix("refract-") };
    if let Some(ours) = ours {
        let list = if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") };
        return (!allowed.contains(&ours))
            .then(|| format!("`{name}` must not depend on `{ours}`; it may use {list}. Move the code, not the arrow"));
    }
    let owner = OWNED.iter().find(|(library, owners)| *library == dependency && !owners.contains(&name));
    if let Some((_, owners)) = owner {
        return Some(format!("only {} may depend on `{dependency}`; go through its types", owners.join(" and ")));
    }
    let forbidden = FORBIDDEN.iter().any(|(folder, libraries)| *folder == name && libraries.contains(&dependency));
    forbidden.then(|| format!("`{name}` does without `{dependency}`; do this one layer up"))
}

/// Names from `[dependencies]`, `[build-dependencies]` and the same per target.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flatten().filter_map(|(_, target)| target.as_table());
    let mut names = Vec::new();
    for table in tables.chain([manifest]) {
        for kind in ["dependencies", "build-dependencies"] {
            let entries = table.get(kind).and_then(Value::as_table);
            names.extend(entries.into_iter().flatten().map(|(key, value)| package_of(key, value)));
        }
    }
    names
}

/// A dependency may be renamed; the package's name counts.
fn package_of(key: &str, value: &Value) -> String {
    value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, text: &str) -> Vec<String> {
        check_manifest(Path::new("Cargo.toml"), name, text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_arrow_that_turns_round_is_found_with_its_line() {
        let found =
            findings("store", "[dependencies]\nrefract-domain.workspace = true\nrefract-engine.workspace = true\n");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("Cargo.toml:3: `store` must not depend on `engine`; it may use domain."),
            "{found:?}"
        );
    }

    #[test]
    fn only_its_owner_uses_a_heavy_library() {
        assert!(findings("http", "[dependencies]\naxum = \"0.8\"\n").is_empty());
        assert_eq!(findings("engine", "[dependencies]\naxum = \"0.8\"\n").len(), 1);
        assert!(findings("xtask", "[dependencies]\nrusqlite.workspace = true\n").is_empty());
        assert_eq!(findings("app", "[target.'cfg(unix)'.dependencies]\nrusqlite = \"1\"\n").len(), 1);
        assert_eq!(findings("app", "[dependencies]\nsql = { package = \"rusqlite\", version = \"1\" }\n").len(), 1);
    }

    #[test]
    fn the_domain_is_pure_and_tests_are_free() {
        assert_eq!(findings("domain", "[dependencies]\ntokio = \"1\"\nserde = \"1\"\nserde_json = \"1\"\n").len(), 2);
        assert!(findings("domain", "[dev-dependencies]\ntokio = \"1\"\nrefract-testkit.workspace = true\n").is_empty());
        assert_eq!(findings("engine", "[dependencies]\nrefract-testkit.workspace = true\n").len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert!(findings("formats", "[package]\n")[0].contains("has no row"));
    }
}
