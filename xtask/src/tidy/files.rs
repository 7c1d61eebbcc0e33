//! Rules for any source file: its size, its opening, and words that mark something unfinished.
//!
//! Owns which files count as hand-written. Knows no syntax.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Finding;

const FILE_LINES_MAX: usize = 500;
const EXTENSIONS: [&str; 4] = ["rs", "sql", "py", "sh"];
/// Folders of what is built or fetched. Others whose name starts with a dot are skipped too.
const SKIPPED_FOLDERS: [&str; 6] = ["target", "node_modules", "__pycache__", "corpus", "artifacts", "venv"];
/// Split in two, so that this file does not break its own rule.
const UNFINISHED: [&str; 4] =
    [concat!("todo", "!("), concat!("unimpl", "emented!("), concat!("FIX", "ME"), concat!("TO", "DO")];

/// A file and what stands in it.
pub(super) struct Source {
    /// Relative to the workspace.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// All hand-written sources of the workspace, in the order of their paths.
pub(super) fn hand_written(root: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() {
                if !is_skipped(name) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known)) {
                let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
                sources.push(Source { path: relative, text: fs::read_to_string(&path)? });
            }
        }
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(sources)
}

fn is_skipped(folder_name: &OsStr) -> bool {
    let name = folder_name.to_string_lossy();
    name.starts_with('.') || SKIPPED_FOLDERS.contains(&name.as_ref())
}

/// Checks one file.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        let message = format!("the file has {lines} lines; split it, {FILE_LINES_MAX} are allowed");
        findings.push(Finding::new(&source.path, FILE_LINES_MAX + 1, message));
    }
    if let Some(message) = missing_opening(source) {
        findings.push(Finding::new(&source.path, 1, message));
    }
    for (index, line) in source.text.lines().enumerate() {
        for word in UNFINISHED.iter().filter(|word| holds_word(line, word)) {
            let message = format!("`{word}` marks something unfinished; finish it or write down why not in docs/");
            findings.push(Finding::new(&source.path, index + 1, message));
        }
    }
    findings
}

/// A module opens with what it owns and what it must not know.
fn missing_opening(source: &Source) -> Option<&'static str> {
    let first_line = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let extension = source.path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let is_empty = first_line.is_empty();
    match extension {
        "rs" if !first_line.starts_with("//!") => {
            Some("open the module with `//!`: what it owns and what it must not know")
        }
        "py" if !is_empty && !first_line.starts_with("\"\"\"") && !first_line.starts_with("#!") => {
            Some("open the module with a docstring: what it owns and what it must not know")
        }
        _ => None,
    }
}

/// Whether `word` stands in `line` and is not the end or start of a longer word.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(is_part) && (word.ends_with('(') || !after.is_some_and(is_part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.into(), text: text.to_owned() };
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_may_have_500_lines_and_no_more() {
        let allowed = format!("//! Owns.\n{}", "\n".repeat(499));
        assert_eq!(findings("a.rs", &allowed), Vec::<String>::new());
        let found = findings("a.rs", &format!("{allowed}\n"));
        assert_eq!(found, ["a.rs:501: the file has 501 lines; split it, 500 are allowed"]);
    }

    #[test]
    fn a_module_opens_with_its_duty() {
        assert!(findings("a.rs", "use std::fs;\n//! late\n")[0].starts_with("a.rs:1: open the module"));
        assert!(findings("a.py", "import os\n")[0].starts_with("a.py:1: open the module"));
        assert!(findings("a.py", "\"\"\"Owns.\"\"\"\nimport os\n").is_empty());
        assert!(findings("a.sql", "SELECT 1;\n").is_empty());
    }

    #[test]
    fn unfinished_work_is_found_as_a_word_only() {
        let mark = concat!("FIX", "ME");
        let found = findings("a.sql", &format!("SELECT 1;\n-- {mark}: later\n-- PRE{mark}\n"));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a.sql:2: "), "{found:?}");
        let call = concat!("todo", "!(\"later\")");
        assert_eq!(findings("a.rs", &format!("//! x\nfn f() {{ {call} }}\n")).len(), 1);
    }

    #[test]
    fn what_is_built_or_fetched_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["src/a.rs", "target/b.rs", ".venv/c.py", "src/node_modules/d.py", "src/e.md", "src/f.sql"] {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let found = hand_written(folder.path()).unwrap();
        let paths: Vec<&Path> = found.iter().map(|source| source.path.as_path()).collect();
        assert_eq!(paths, [Path::new("src/a.rs"), Path::new("src/f.sql")]);
    }
}
