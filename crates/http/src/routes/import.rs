//! `POST /v2/prism/{teamId}/{objectType}/import`: rows in, results or a job out (contract §2; import-semantics).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::import::options::ImportOptions;
use refract_engine::{Access, KeptAnswer, Submitted};

use super::write::{self, Received};
use crate::convert::job;
use crate::convert::options::import_options;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::body::BodyReader;
use crate::extract::headers;
use crate::extract::idempotency::HeldKey;
use crate::extract::import_body::{Refusal, read_import};
use crate::extract::path::ApiPath;
use crate::openapi::{TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/import",
    operation_id = "import",
    tag = "imports",
    summary = "Import rows",
    description = "Fewer rows than the server's limit (100 unless set otherwise) are answered at once, with a result a row. More \
                   become a durable job: poll where `Location` points.",
    params(TypePath, WriteHeaders),
    request_body(content = refract_wire::ImportRequest, description = "Rows and options", example = json!({
        "objects": [{"default": {"email": "ada@example.org", "full_name": "Ada Lovelace"}}],
        "options": {"dedupe_by": "email"}
    })),
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
    headers::require_json(&parts.headers)?;
    let encoding = headers::content_encoding(&parts.headers)?;
    headers::check_content_length(&parts.headers, limits.body_bytes_max)?;
    let mut held = HeldKey::hold(&api.engine, &caller, &parts)?;
    let request_id = write::request_id(&api, &parts);

    let respond_async = headers::prefers_async(&parts.headers);
    let mut intake = api.engine.begin_import(caller, object_type, respond_async).await?;
    let reader = BodyReader::new(body, encoding, limits.body_bytes_max, &api.settings)?;
    let read = read_import(reader, limits, &mut intake, &mut held).await;
    let options = match read {
        Ok(envelope) => import_options(envelope.options.as_deref()),
        Err(Refusal { error, read_whole: true }) => Err(error),
        Err(Refusal { error, read_whole: false }) => return Err(error),
    };
    let received = Received { api: &api, caller, request_id, wanted: options, key: held.map(HeldKey::claim) };
    let retention = api.settings.job_retention;
    let render_for = |options: &ImportOptions| {
        let options = options.clone();
        move |submitted: &Submitted| -> KeptAnswer {
            match submitted {
                Submitted::Inline(report) => job::inline_answer(report, object_type, &options),
                Submitted::Job(spec) => job::accepted_answer(spec, retention),
            }
        }
    };
    let submit = |_, options, idempotent| intake.submit(options, idempotent);
    received.carry_out(render_for, submit, ApiError::from).await
}
