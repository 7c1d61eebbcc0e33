//! The OpenAPI document, made from the routes and the wire's types, and the page that shows it.
//!
//! Owns what all operations share: the key, the answer of every error, the shapes of parameters. What one operation takes
//! and answers stands at its handler. A route that is not described cannot be mounted: both come from one place,
//! [`crate::routes::routes`].

mod page;
mod params;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

pub(crate) use params::{
    EventsHeaders, FailedQuery, ImportsQuery, JobPath, ListPath, ListQuery, ListScope, OptionPath, PinPath,
    PropertyFacts, PropertyPath, PropertyQuery, RecordHeaders, RecordPath, ResultsQuery, TeamPath, TemplatePath,
    TypePath, ValuePath, ViewInclude, ViewPath, ViewQuery, ViewRecords, WaitQuery, WriteHeaders,
};

const KEY_SCHEME: &str = "api_key";
const API_PREFIX: &str = "/v2/prism/";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Refract",
        description = "A self-hosted bulk-import server that speaks the Prism API. Every answer that is not a success has the \
                       same body: a stable `code` for programs, a `message` for people, each fault by field.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "imports", description = "Rows in, one result a row out; large ones become jobs that are polled."),
        (name = "records", description = "Single records."),
        (name = "query", description = "Finding records."),
        (name = "properties", description = "What records hold: properties and their options."),
        (name = "lists", description = "Lists of records."),
        (name = "views", description = "Saved questions, with records pinned to their top."),
        (name = "server", description = "For whoever watches the server; needs no key.")
    ),
    components(schemas(refract_wire::ErrorBody)),
    modifiers(&Shared)
)]
struct Frame;

/// What every operation shares.
struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let description = "The key of a team, as `refract keys create` shows it once.";
        let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("x-api-key", description)));
        components.add_security_scheme(KEY_SCHEME, key);
    }
}

/// The document's frame, to which the routes add themselves.
pub(crate) fn frame() -> OpenApi {
    Frame::openapi()
}

/// Adds `/openapi.json` and `/docs`, for the document that the routes made.
pub(crate) fn with_document<S: Clone + Send + Sync + 'static>(router: Router<S>, mut document: OpenApi) -> Router<S> {
    for (path, item) in &mut document.paths.paths {
        let keyed = path.starts_with(API_PREFIX);
        operations(item).for_each(|operation| finish(operation, keyed));
    }
    // The document is made of plain data; nothing in it can fail to serialise.
    let text: Arc<str> = document.to_json().unwrap_or_default().into();
    router.route("/openapi.json", get(move || page::document(Arc::clone(&text)))).merge(page::routes())
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// Every operation may answer with an error, and those under a team need a key.
fn finish(operation: &mut Operation, keyed: bool) {
    let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name("ErrorBody"))));
    let error = ResponseBuilder::new()
        .description("Anything but success; `code` says which, docs/wire.md lists them all.")
        .content("application/json", body);
    operation.responses.responses.entry("default".to_owned()).or_insert_with(|| error.into());
    if keyed {
        operation.security = Some(vec![SecurityRequirement::new(KEY_SCHEME, Vec::<String>::new())]);
    }
}
