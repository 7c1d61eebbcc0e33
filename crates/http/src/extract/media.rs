//! What the body of an import is said to be: JSON, one file, or a form with a file in it.
//!
//! Owns media types and the endings of file names. Must not know how any of them is read.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::headers;
use crate::error::ApiError;

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// An Excel workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// An OpenDocument workbook.
pub(crate) const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// All that an import takes, as 415 answers list it.
const ACCEPTED: &str = "application/json, text/csv, text/tab-separated-values, application/x-ndjson, \
                        application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, \
                        application/vnd.oasis.opendocument.spreadsheet, multipart/form-data";

/// The body of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImportMedia {
    /// `{"objects": […], "options": {…}}`.
    Json,
    /// A file and nothing else.
    File(FileMedia),
    /// A form: a part `file`, and perhaps a part `options`.
    Form {
        /// What parts its parts.
        boundary: String,
    },
}

/// A file, as far as its name or its type tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileMedia {
    pub(crate) kind: FileKind,
    /// The encoding that is stated, as it was written.
    pub(crate) charset: Option<String>,
}

/// How a file's rows are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Cells with some delimiter between them.
    Csv,
    /// Cells with tabs between them.
    Tsv,
    /// A JSON value a line.
    Ndjson,
    /// XLSX or ODS; its content tells which.
    Workbook,
}

impl FileKind {
    fn of_media_type(media_type: &str) -> Option<Self> {
        const KINDS: [(&str, FileKind); 11] = [
            ("text/csv", FileKind::Csv),
            ("application/csv", FileKind::Csv),
            ("text/tab-separated-values", FileKind::Tsv),
            ("application/x-ndjson", FileKind::Ndjson),
            ("application/ndjson", FileKind::Ndjson),
            ("application/jsonl", FileKind::Ndjson),
            ("application/x-jsonlines", FileKind::Ndjson),
            ("application/jsonlines", FileKind::Ndjson),
            (XLSX, FileKind::Workbook),
            ("application/vnd.ms-excel.sheet.macroenabled.12", FileKind::Workbook),
            (ODS, FileKind::Workbook),
        ];
        KINDS.into_iter().find(|(name, _)| media_type.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
    }

    /// By the name's ending; that of a compressed file stands before the one that says so.
    fn of_file_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = [".gz", ".zst", ".zstd"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" | "txt" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "xlsx" | "xlsm" | "ods" => Some(Self::Workbook),
            _ => None,
        }
    }
}

/// Reads the `Content-Type` of an import.
pub(crate) fn import_media(headers: &HeaderMap) -> Result<ImportMedia, ApiError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(Ok(value)), None) = (values.next().map(HeaderValue::to_str), values.next()) else {
        return Err(unsupported("The body must come with one Content-Type."));
    };
    let media_type = media_type(value);
    if media_type.eq_ignore_ascii_case("application/json") {
        return headers::require_json(headers).map(|()| ImportMedia::Json);
    }
    if media_type.eq_ignore_ascii_case("multipart/form-data") {
        let boundary = parameter(value, "boundary").filter(|boundary| !boundary.is_empty());
        let boundary = boundary.ok_or_else(|| unsupported("multipart/form-data must name its boundary."))?;
        return Ok(ImportMedia::Form { boundary });
    }
    match FileKind::of_media_type(media_type) {
        Some(kind) => Ok(ImportMedia::File(FileMedia { kind, charset: parameter(value, "charset") })),
        None => Err(unsupported("An import cannot be read from this Content-Type.")),
    }
}

/// What a file in a form is: by its type where that says it, else by its name. Browsers call a CSV file whatever the
/// programs on the machine would open it with.
pub(crate) fn file_media(content_type: Option<&str>, file_name: Option<&str>) -> Result<FileMedia, ApiError> {
    let by_type = content_type.and_then(|value| FileKind::of_media_type(media_type(value)));
    let kind = by_type.or_else(|| file_name.and_then(FileKind::of_file_name));
    let charset = content_type.and_then(|value| parameter(value, "charset"));
    kind.map(|kind| FileMedia { kind, charset }).ok_or_else(|| {
        unsupported("Neither the type nor the name of the part \"file\" says what it is; name it .csv, .tsv, .ndjson, .xlsx or .ods.")
    })
}

/// 415, with what would be read.
pub(crate) fn unsupported(what: &str) -> ApiError {
    let message = format!("{what} Imports are read from {ACCEPTED}.");
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
        .with_header(ACCEPT_POST, HeaderValue::from_static(ACCEPTED))
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

fn parameter(value: &str, name: &str) -> Option<String> {
    let parameters = value.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut found = parameters.filter(|(given, _)| given.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content_type: &str) -> Result<ImportMedia, u16> {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_TYPE, HeaderValue::from_str(content_type).expect("a header"));
        import_media(&headers).map_err(|error| error.status().as_u16())
    }

    fn file(kind: FileKind, charset: Option<&str>) -> ImportMedia {
        ImportMedia::File(FileMedia { kind, charset: charset.map(str::to_owned) })
    }

    #[test]
    fn the_content_type_says_how_a_body_is_read() {
        assert_eq!(of("application/json; charset=utf-8"), Ok(ImportMedia::Json));
        assert_eq!(of("Text/CSV"), Ok(file(FileKind::Csv, None)));
        assert_eq!(
            of("text/csv; header=present; charset=\"Windows-1252\""),
            Ok(file(FileKind::Csv, Some("Windows-1252")))
        );
        assert_eq!(of("text/tab-separated-values"), Ok(file(FileKind::Tsv, None)));
        assert_eq!(of("application/x-ndjson"), Ok(file(FileKind::Ndjson, None)));
        assert_eq!(of("application/vnd.oasis.opendocument.spreadsheet"), Ok(file(FileKind::Workbook, None)));
        let form = ImportMedia::Form { boundary: "x y".into() };
        assert_eq!(of("multipart/form-data; boundary=\"x y\""), Ok(form));
        for bad in ["text/plain", "application/json; charset=utf-16", "multipart/form-data", "application/pdf", ""] {
            assert_eq!(of(bad), Err(415), "{bad:?}");
        }
        assert_eq!(import_media(&HeaderMap::new()).map_err(|error| error.status().as_u16()), Err(415));
    }

    #[test]
    fn a_file_in_a_form_is_known_by_its_type_or_else_its_name() {
        let of = |content_type, name| file_media(content_type, name).map(|media| media.kind).ok();
        assert_eq!(of(Some("text/csv"), Some("people.xlsx")), Some(FileKind::Csv));
        assert_eq!(of(Some("application/vnd.ms-excel"), Some("People.CSV")), Some(FileKind::Csv));
        assert_eq!(of(Some("application/octet-stream"), Some("a.b.tsv.gz")), Some(FileKind::Tsv));
        assert_eq!(of(None, Some("x.jsonl.zst")), Some(FileKind::Ndjson));
        assert_eq!(of(None, Some("x.ods")), Some(FileKind::Workbook));
        for unknown in [None, Some("people"), Some("people.xls"), Some("people.pdf"), Some(".gz")] {
            assert_eq!(of(Some("application/octet-stream"), unknown), None, "{unknown:?}");
        }
    }
}
