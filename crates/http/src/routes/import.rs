//! `POST /v2/prism/{teamId}/{objectType}/import`: rows in, results or a job out (contract §2; import-semantics).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::import::table::SchemaToBe;
use refract_domain::object_type::ObjectType;
use refract_engine::{Access, Caller, KeptAnswer, Submitted};

use super::write::{self, Received};
use crate::convert::job;
use crate::convert::options::{Asked, import_options, options_of};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::body::BodyReader;
use crate::extract::file_rows::RowsInto;
use crate::extract::headers;
use crate::extract::idempotency::HeldKey;
use crate::extract::import_body::{Refusal, read_import};
use crate::extract::import_file::{ReadFile, read_import_file};
use crate::extract::media::{ImportMedia, import_media};
use crate::extract::path::ApiPath;
use crate::extract::samples::Samples;
use crate::openapi::{TypePath, WriteHeaders};
use crate::state::SharedApi;

const WRITES_NOTHING: &str = "A dry run writes nothing, and so makes no properties. Make them first, or leave their columns out by mapping \
                              them to null.";

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/import",
    operation_id = "import",
    tag = "imports",
    summary = "Import rows",
    description = "Fewer rows than the server's limit (100 unless set otherwise) are answered at once, with a result a row. More \
                   become a durable job: poll where `Location` points. With the option `dry_run` the job says what would be done, \
                   whatever the number of rows, and can be applied.",
    params(TypePath, WriteHeaders),
    request_body(description = "Rows and options as JSON, or a file with its options in the query.", content(
        (refract_wire::ImportRequest = "application/json", example = json!({
            "objects": [{"default": {"email": "ada@example.org", "full_name": "Ada Lovelace"}}],
            "options": {"dedupe_by": "email"}
        })),
        (String = "text/csv", example = json!("E-Mail;Name\nada@example.org;Ada Lovelace\n")),
        (String = "text/tab-separated-values"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "Done; `results` holds one entry a row.", body = refract_wire::ImportJob),
        (status = 202, description = "Accepted; the rows are safe.", body = refract_wire::ImportJob,
            headers(("location" = String, description = "Where to poll."))),
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    if !object_type.importable() {
        return Err(ApiError::method_not_allowed(""));
    }
    let limits = api.engine.limits();
    let media = import_media(&parts.headers)?;
    let encoding = headers::content_encoding(&parts.headers)?;
    headers::check_content_length(&parts.headers, limits.body_bytes_max)?;
    let mut held = HeldKey::hold(&api.engine, &caller, &parts)?;
    let request_id = write::request_id(&api, &parts);

    let respond_async = headers::prefers_async(&parts.headers);
    let mut intake = api.engine.begin_import(caller, object_type, respond_async).await?;
    let reader = BodyReader::new(body, encoding, limits.body_bytes_max, &api.settings)?;
    let read = match media {
        ImportMedia::Json => read_import(reader, limits, &mut intake, &mut held)
            .await
            .map(|envelope| import_options(envelope.options.as_deref())),
        file => {
            let mut into = RowsInto::intake(&mut intake, &mut held);
            let read = read_import_file(&api, &parts.uri, &file, reader, &mut into).await;
            let samples = into.samples;
            match read {
                Ok(read) => Ok(file_options(&api, &caller, object_type, read, &samples).await),
                Err(error) => Err(Refusal { error, read_whole: false }),
            }
        }
    };
    let options = match read {
        Ok(options) => options,
        Err(Refusal { error, read_whole: true }) => Err(error),
        Err(Refusal { error, read_whole: false }) => return Err(error),
    };
    let received = Received { api: &api, caller, request_id, wanted: options, key: held.map(HeldKey::claim) };
    let retention = api.settings.job_retention;
    let render_for = |asked: &Asked| {
        let options = asked.options.clone();
        move |submitted: &Submitted| -> KeptAnswer {
            match submitted {
                Submitted::Inline(report) => job::inline_answer(report, object_type, &options),
                Submitted::Job(spec) => job::accepted_answer(spec, retention),
            }
        }
    };
    let submit = |_, asked: Asked, idempotent| {
        let intake = if asked.dry_run { intake.as_dry_run() } else { intake };
        intake.making(asked.new_properties).submit(asked.options, idempotent)
    };
    received.carry_out(render_for, submit, ApiError::from).await
}

/// The options of an import whose rows came in a file, with what its columns mean.
async fn file_options(
    api: &SharedApi,
    caller: &Caller,
    object_type: ObjectType,
    read: ReadFile,
    samples: &Samples,
) -> Result<Asked, ApiError> {
    let ReadFile { facts, reading, members } = read;
    let Asked { options, dry_run, .. } = options_of(members)?;
    let mut to_be = SchemaToBe::new(api.engine.known_schema(caller).await?, object_type);
    let proposals = reading.proposals(&facts, samples, &mut to_be, object_type, &options)?;
    let options = reading.complete(&facts, &proposals, options)?;
    let new_properties = to_be.into_wanted();
    if dry_run && !new_properties.is_empty() {
        return Err(ApiError::invalid_field(".body.options.dry_run", WRITES_NOTHING));
    }
    Ok(Asked { options, dry_run, new_properties })
}
