//! `PUT /v2/prism/{teamId}/{objectType}/by/{slug}/{value}`: changes the record that a value means, or makes it (contract
//! §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{MeantBy, RecordEffect};

use super::unknown;
use super::write::Write;
use crate::convert::record::{refusal, upsert_answer};
use crate::error::ApiError;
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
    let write = Write::admit(&api, request).await?;
    let scope = write.scope()?;
    let Some((slug, value)) = write.path.slug_and_value() else { return Err(unknown::route().await) };
    let meant = MeantBy { scope, slug: slug.to_owned(), value: value.to_owned() };
    let (schema, request_id) = write.answered_with().await?;
    let render = move |effect: &RecordEffect| upsert_answer(&schema, effect, request_id.as_str());
    let upsert = |caller, object, idempotent| api.engine.upsert_record(caller, meant, object, idempotent);
    let refused = |error| refusal(error, scope.object_type, ".path.value");
    write.small_body().await?.carry_out(|_| render, upsert, refused).await
}
