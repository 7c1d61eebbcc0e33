//! `POST /v2/prism/{teamId}/{identity|organization}/find-or-create`: the record of an address or a domain, made where there
//! is none (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::object_type::ObjectType;
use refract_engine::{MeantBy, RecordEffect, RecordScope};
use refract_wire::FindOrCreate;
use serde_json::Value;

use super::unknown;
use super::write::Write;
use crate::convert::record::{find_or_create_answer, refusal};
use crate::error::ApiError;
use crate::openapi::{TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/find-or-create",
    operation_id = "find_or_create_record",
    tag = "records",
    summary = "Read the record of an address or a domain, or make it",
    description = "For `identity`, matched by `email_address`, and `organization`, by `primary_domain`. A record that is found stays as it is.",
    params(TypePath, WriteHeaders),
    request_body(content = refract_wire::FindOrCreate, example = json!({"match": {"primary_domain": "example.org"}, "defaults": {"name": "Example"}})),
    responses(
        (status = 200, description = "The record, which was there.", body = refract_wire::FoundOrCreated,
            headers(("etag" = String, description = "Its version, for `If-Match`."))),
        (status = 201, description = "The record, which was made.", body = refract_wire::FoundOrCreated,
            headers(("etag" = String, description = "Its version, for `If-Match`.")))
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let Some(known_by) = KnownBy::of(object_type) else { return Err(unknown::route().await) };
    let (schema, request_id) = write.answered_with().await?;
    let render = move |effect: &RecordEffect| find_or_create_answer(&schema, effect, request_id.as_str());
    let find_or_create =
        |caller, (meant, body), idempotent| api.engine.find_or_create_record(caller, meant, body, idempotent);
    let refused = |error| refusal(error, object_type, &known_by.field());
    let received = write.small_body().await?.and_then(|object| known_by.read(object_type, &object));
    received.carry_out(|_| render, find_or_create, refused).await
}

/// By what a record of a type is known.
struct KnownBy {
    /// The name in the body.
    name: &'static str,
    /// The property that holds the value.
    slug: &'static str,
}

impl KnownBy {
    /// `None` for types whose records are known by nothing.
    fn of(object_type: ObjectType) -> Option<Self> {
        match object_type {
            ObjectType::Identity => Some(Self { name: "email_address", slug: "email_addresses" }),
            ObjectType::Organization => Some(Self { name: "primary_domain", slug: "primary_domain" }),
            _ => None,
        }
    }

    /// Where in the request the value stands.
    fn field(&self) -> String {
        format!(".body.match.{}", self.name)
    }

    /// What the body means, and the body of the record to be made of it.
    fn read(&self, object_type: ObjectType, object: &[u8]) -> Result<(MeantBy, Vec<u8>), ApiError> {
        let name = self.name;
        let body: FindOrCreate = serde_json::from_slice(object).map_err(|error| {
            let message = format!("The body is {{\"match\": {{{name:?}: …}}, \"defaults\": {{…}}}}: {error}.");
            ApiError::invalid_field(".body", message)
        })?;
        let value = match (body.matched.get(name), body.matched.len()) {
            (Some(Value::String(value)), 1) => value.clone(),
            _ => {
                let message = format!("match has one member, {name:?}, a text.");
                return Err(ApiError::invalid_field(".body.match", message));
            }
        };
        let defaults = body.defaults.as_ref().map_or("{}", |defaults| defaults.get());
        let scope = RecordScope { object_type, list_id: None };
        let raw_body = format!("{{\"default\":{defaults}}}").into_bytes();
        Ok((MeantBy { scope, slug: self.slug.to_owned(), value }, raw_body))
    }
}
