//! Opening what is to be imported: a file or standard input, its size, and which format it has.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use serde::de::IgnoredAny;

use super::RowFault;
use crate::progress::Progress;

/// How rows are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenedFormat {
    /// An array of rows, or a request body.
    Json,
    /// One row a line.
    Ndjson,
}

/// An opened file.
pub(crate) struct Input {
    /// Its bytes; reading moves the progress on.
    pub(crate) reader: Box<dyn BufRead>,
    /// Its size, when it has one.
    pub(crate) bytes: Option<u64>,
    /// Its format.
    pub(crate) format: OpenedFormat,
}

/// A first line longer than this does not tell the format; it counts as JSON.
const FIRST_LINE_BYTES_MAX: u64 = 1 << 20;

/// Opens a file, or standard input for `-`.
pub(crate) fn open(path: &Path, format: Option<OpenedFormat>, progress: &Progress) -> Result<Input, RowFault> {
    let unreadable = |failure: io::Error| RowFault(format!("{}: {failure}", path.display()));
    if path.as_os_str() == "-" {
        return with_format(Box::new(io::stdin()), None, format, progress).map_err(unreadable);
    }
    let by_name = match extension(path).as_deref() {
        Some("ndjson" | "jsonl") => Some(OpenedFormat::Ndjson),
        Some(name @ ("csv" | "tsv" | "xls" | "xlsx" | "ods")) => {
            return Err(RowFault(format!("{}: {name} files are not read; convert it to NDJSON first", path.display())));
        }
        _ => None,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(RowFault(format!("{}: it is a folder", path.display())));
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    with_format(Box::new(file), bytes, format.or(by_name), progress).map_err(unreadable)
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn with_format(
    source: Box<dyn Read>,
    bytes: Option<u64>,
    format: Option<OpenedFormat>,
    progress: &Progress,
) -> io::Result<Input> {
    let counted = Counted { source, progress: progress.clone() };
    let mut reader = BufReader::with_capacity(128 << 10, counted);
    if let Some(format) = format {
        return Ok(Input { reader: Box::new(reader), bytes, format });
    }
    let mut first_line = Vec::new();
    reader.by_ref().take(FIRST_LINE_BYTES_MAX).read_until(b'\n', &mut first_line)?;
    let format = format_of(&first_line);
    Ok(Input { reader: Box::new(Cursor::new(first_line).chain(reader)), bytes, format })
}

/// A first line that is a whole object, and not a request body, is a row.
fn format_of(first_line: &[u8]) -> OpenedFormat {
    match serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(first_line) {
        Ok(members) if !members.contains_key("objects") => OpenedFormat::Ndjson,
        _ => OpenedFormat::Json,
    }
}

struct Counted {
    source: Box<dyn Read>,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_the_format() {
        let rows = ["{\"default\":{}}\n", "{}\n", "{\"email\":\"a\"}"];
        let others = ["[\n", "{\n", "{\"objects\":[]}\n", "[{}]", "", "garbage"];
        assert!(rows.iter().all(|line| format_of(line.as_bytes()) == OpenedFormat::Ndjson));
        assert!(others.iter().all(|line| format_of(line.as_bytes()) == OpenedFormat::Json));
    }

    #[test]
    fn files_of_other_kinds_and_folders_are_refused_with_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let quiet = Progress::quiet();
        for name in ["people.csv", "missing.json", "."] {
            let problem = open(&folder.path().join(name), None, &quiet).err().map(|fault| fault.0).unwrap_or_default();
            assert!(problem.contains(name.trim_start_matches('.')) && !problem.is_empty(), "{problem}");
        }
    }

    #[test]
    fn nothing_of_the_first_line_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        std::fs::write(&path, "{\"default\":{}}\n{}\n").unwrap();
        let mut input = open(&path, None, &Progress::quiet()).ok().unwrap();
        let mut text = String::new();
        input.reader.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), input.bytes), ("{\"default\":{}}\n{}\n", Some(18)));
        assert_eq!(input.format, OpenedFormat::Ndjson);
    }
}
