//! `PUT /v2/prism/{teamId}/{objectType}/by/{slug}/{value}`: changes the record that a value means, or makes it (contract
//! §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{Access, MeantBy, RecordEffect, RecordScope};

use super::{unknown, write};
use crate::convert::answer::respond_to;
use crate::convert::record::{refusal, upsert_answer};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ListScope, ValuePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    put,
    path = "/v2/prism/{team_id}/{object_type}/by/{slug}/{value}",
    operation_id = "upsert_record",
    tag = "records",
    summary = "Change the record that has a value, or make it",
    description = "Matched as the rows of an import are. A record that is made gets the value, unless the body has one for its property.",
    params(ValuePath, ListScope, WriteHeaders),
    request_body(content = refract_wire::RecordBody, example = json!({"default": {"title": "Countess"}})),
    responses(
        (status = 200, description = "The record as it is now.", body = refract_wire::Record,
            headers(("etag" = String, description = "Its version, for `If-Match`."))),
        (status = 201, description = "The record, which was made.", body = refract_wire::Record,
            headers(("etag" = String, description = "Its version, for `If-Match`.")))
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let Some((slug, value)) = path.slug_and_value() else { return Err(unknown::route().await) };
    let scope = RecordScope { object_type, list_id: Query::of(&parts.uri)?.list_id()? };
    let meant = MeantBy { scope, slug: slug.to_owned(), value: value.to_owned() };
    let request_id = write::request_id(&api, &parts);
    let sent = write::small_body(&api, &caller, &parts, body).await?;
    let object = match sent.object {
        Ok(object) => object,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let render = {
        let (request_id, schema) = (request_id.clone(), api.engine.known_schema(&caller).await?);
        move |effect: &RecordEffect| upsert_answer(&schema, effect, request_id.as_str())
    };
    let idempotent = write::idempotent(sent.key, render.clone());
    match api.engine.upsert_record(caller, meant, object, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => {
            let error = refusal(error, object_type, ".path.value");
            write::refuse_late(&api, &caller, &request_id, error, claim).await
        }
    }
}
