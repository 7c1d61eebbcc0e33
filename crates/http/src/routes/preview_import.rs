//! `POST /v2/prism/{teamId}/{objectType}/import/preview`: how a file is understood, before any of it is imported.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::import::table::SchemaToBe;
use refract_engine::Access;
use refract_wire::{ImportPreview, PreviewProblem, RawValue};

use crate::convert::answer::{json, respond};
use crate::convert::options::options_of;
use crate::convert::preview;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::body::BodyReader;
use crate::extract::file_rows::RowsInto;
use crate::extract::headers;
use crate::extract::import_file::{ReadFile, read_import_file};
use crate::extract::media::{ImportMedia, import_media, unsupported};
use crate::extract::path::ApiPath;
use crate::openapi::TypePath;
use crate::state::SharedApi;

/// Rows that are read; the rest of the file is left unread.
const ROWS_READ: u64 = 1_000;
/// Rows that are shown.
const ROWS_SHOWN: usize = 20;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/import/preview",
    operation_id = "preview_import",
    tag = "imports",
    summary = "See how a file is understood",
    description = "Takes what an import takes, but for JSON, reads the first rows, and writes nothing: encoding, delimiter, columns with \
                   where each would go and why, and what is wrong with the rows looked at.",
    params(TypePath),
    request_body(content(
        (String = "text/csv", example = json!("E-Mail;Name\nada@example.org;Ada Lovelace\n")),
        (String = "text/tab-separated-values"),
        (String = "application/x-ndjson"),
    )),
    responses((status = 200, description = "How it was understood.", body = refract_wire::ImportPreview))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    if !object_type.importable() {
        return Err(ApiError::method_not_allowed(""));
    }
    let media = import_media(&parts.headers)?;
    if media == ImportMedia::Json {
        return Err(unsupported("There is nothing to find out about JSON; a preview is of a file."));
    }
    let bytes_max = api.engine.limits().body_bytes_max;
    let encoding = headers::content_encoding(&parts.headers)?;
    let reader = BodyReader::new(body, encoding, bytes_max, &api.settings)?;
    let mut unkeyed = None;
    let mut into = RowsInto::preview(ROWS_READ, &mut unkeyed);
    let ReadFile { facts, reading, members } = read_import_file(&api, &parts.uri, &media, reader, &mut into).await?;
    let (samples, rows_seen) = (into.samples, into.rows);

    let options = options_of(members)?.options;
    let mut to_be = SchemaToBe::new(api.engine.known_schema(&caller).await?, object_type);
    let proposals = reading.proposals(&facts, &samples, &mut to_be, object_type, &options)?;
    let columns = preview::columns(&facts, &proposals, &samples, &to_be);
    let problems: Vec<PreviewProblem> = match reading.complete(&facts, &proposals, options) {
        Ok(options) => match api.engine.look_at_rows(&caller, to_be.schema(), object_type, &options, samples.rows()) {
            Ok(verdicts) => preview::problems(&verdicts),
            Err(error) => vec![preview::refusal(&ApiError::from(error))],
        },
        Err(error) => vec![preview::refusal(&error)],
    };
    let shown = samples.rows().iter().take(ROWS_SHOWN);
    let row = |row: &String| {
        // A line that is no JSON is shown as the text it is.
        let text = || serde_json::value::to_raw_value(row).ok();
        RawValue::from_string(row.clone()).ok().or_else(text)
    };
    let answer = ImportPreview {
        file: preview::file(&facts, &reading),
        columns,
        rows: shown.filter_map(row).collect(),
        rows_seen,
        problems,
    };
    Ok(respond(json(StatusCode::OK, &answer)))
}
