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
    /// A file that the server reads.
    File(FileKind),
}

/// Files that are sent as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Cells with some delimiter between them.
    Csv,
    /// Cells with tabs between them.
    Tsv,
    /// A JSON value a line.
    Ndjson,
    /// A workbook of Excel's.
    Xlsx,
    /// A workbook of the OpenDocument format.
    Ods,
}

impl FileKind {
    /// What its name would end in.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
        }
    }

    /// What the server calls it.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Tsv => "text/tab-separated-values",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
        }
    }

    /// By the ending of a file's name, of which one that says that it is packed is gone already.
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "csv" | "txt" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "xlsx" | "xlsm" => Some(Self::Xlsx),
            "ods" => Some(Self::Ods),
            _ => None,
        }
    }
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
        Some("json") => Some(OpenedFormat::Json),
        Some(name @ ("xls" | "xlsb" | "numbers" | "pdf" | "parquet")) if format.is_none() => {
            let remedy = "save it as XLSX, ODS or CSV first";
            return Err(RowFault(format!("{}: {name} files are not read; {remedy}", path.display())));
        }
        Some(name) => FileKind::of_extension(name).map(OpenedFormat::File),
        None => None,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(RowFault(format!("{}: it is a folder", path.display())));
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    with_format(Box::new(file), bytes, format.or(by_name), progress).map_err(unreadable)
}

/// What the name ends in; of a packed file, what stands before the ending that says so.
fn extension(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
    name.rsplit_once('.').map(|(_, extension)| extension.to_owned())
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

/// A first line that is a whole object, and not a request body, is a row; one that begins like no JSON names columns.
fn format_of(first_line: &[u8]) -> OpenedFormat {
    match serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(first_line) {
        Ok(members) if !members.contains_key("objects") => return OpenedFormat::File(FileKind::Ndjson),
        _ => {}
    }
    let is_json = first_line.trim_ascii_start().first().is_none_or(|first| matches!(first, b'{' | b'['));
    if is_json { OpenedFormat::Json } else { OpenedFormat::File(FileKind::Csv) }
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
        let bodies = ["[\n", "{\n", "{\"objects\":[]}\n", "[{}]", ""];
        let tables = ["email,name\n", "name", "\u{feff}a;b"];
        let all = |lines: &[&str], format| lines.iter().all(|line| format_of(line.as_bytes()) == format);
        assert!(all(&rows, OpenedFormat::File(FileKind::Ndjson)));
        assert!(all(&bodies, OpenedFormat::Json));
        assert!(all(&tables, OpenedFormat::File(FileKind::Csv)));
    }

    #[test]
    fn the_name_tells_the_format_of_a_packed_file_too() {
        let of = |name: &str| extension(Path::new(name));
        assert_eq!(of("a/People.CSV.gz").as_deref(), Some("csv"));
        assert_eq!(of("a.b/people.tsv").as_deref(), Some("tsv"));
        assert_eq!(of("a.b/people"), None);
    }

    #[test]
    fn files_of_other_kinds_and_folders_are_refused_with_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let quiet = Progress::quiet();
        for name in ["people.xls", "missing.json", "."] {
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
        assert_eq!(input.format, OpenedFormat::File(FileKind::Ndjson));
    }
}
