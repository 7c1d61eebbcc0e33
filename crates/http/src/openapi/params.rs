//! Parameters that several operations share, for the document only: handlers read paths and headers themselves.

use utoipa::IntoParams;

/// Below a team.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct TeamPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
}

/// Below an object type.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct TypePath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
}

/// One record.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct RecordPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
    /// The record.
    #[param(format = Uuid)]
    record_id: String,
}

/// The record that a value means.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ValuePath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
    /// A property.
    slug: String,
    /// The value, as text whatever the property's type.
    value: String,
}

/// The list that `list` values belong to.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ListScope {
    /// The list in whose scope `list` values are written; who is written becomes its member.
    #[param(format = Uuid)]
    list_id: Option<String>,
}

/// One list.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ListPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The list.
    #[param(format = Uuid)]
    list_id: String,
}

/// One list template.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct TemplatePath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The template, such as `sales_deals`.
    template_id: String,
}

/// One import job.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct JobPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The job, as the answer to the import named it.
    job_id: String,
}

/// Which jobs are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ImportsQuery {
    /// Only jobs that stand so.
    #[param(inline)]
    status: Option<refract_wire::JobStatus>,
    /// Only jobs of this type.
    #[param(inline)]
    object_type: Option<ObjectTypeName>,
    /// Only jobs that were accepted later.
    #[param(format = DateTime)]
    created_after: Option<String>,
    /// Only jobs that were accepted earlier.
    #[param(format = DateTime)]
    created_before: Option<String>,
    /// Jobs on a page; more than 50 are 50.
    #[param(minimum = 1, default = 25)]
    limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which results of a job are shown.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ResultsQuery {
    /// Only rows of which this became.
    #[param(inline)]
    outcome: Option<refract_wire::RowOutcome>,
    /// Rows on a page; more than 1,000 are 1,000.
    #[param(minimum = 1, default = 100)]
    limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which rows of a job are given back.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct FailedQuery {
    /// `not_attempted` for the rows too that an ended job did not come to.
    #[param(pattern = "^not_attempted$")]
    include: Option<String>,
}

/// How long an answer may wait.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct WaitQuery {
    /// Seconds to wait for a change, as in `30s`; more than 60 are 60.
    #[param(pattern = "^[0-9]{1,6}s?$")]
    wait: Option<String>,
}

/// What of a record is shown.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ViewQuery {
    /// Slugs, separated by commas, with dots through references; all when absent.
    select: Option<String>,
    /// The list whose values are shown too.
    #[param(format = Uuid)]
    list_id: Option<String>,
}

/// One view.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ViewPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
    /// The view.
    #[param(format = Uuid)]
    view_id: String,
}

/// A record of a view.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct PinPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
    /// The view.
    #[param(format = Uuid)]
    view_id: String,
    /// The record.
    #[param(format = Uuid)]
    record_id: String,
}

/// What is shown beside a view.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ViewInclude {
    /// `records` for a page of its records, too.
    include: Option<String>,
}

/// A page of a view's records.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ViewRecords {
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows on a page; more than 50 are 50.
    #[param(minimum = 1)]
    limit: Option<u32>,
    /// The page by its number, from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
}

/// A query in short.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct ListQuery {
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whether hidden records are shown too.
    deleted: Option<bool>,
    /// Whether to count all records.
    include_total: Option<bool>,
    /// Rows of a page; more than 50 are 50.
    #[param(minimum = 1)]
    limit: Option<u32>,
    /// Only members of this list.
    #[param(format = Uuid)]
    list_id: Option<String>,
    /// Slugs, separated by commas, with dots through references; all when absent.
    select: Option<String>,
    /// Slugs, separated by commas; `-` before one: the largest first.
    sort: Option<String>,
}

/// What of the metadata is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct PropertyQuery {
    /// Only properties in the scope of this list.
    #[param(format = Uuid)]
    list_id: Option<String>,
    /// Only properties whose name contains this, ignoring case.
    term: Option<String>,
    /// Whether select properties come with their options.
    #[param(default = true)]
    include_options: Option<bool>,
    /// Whether archived properties and options are listed, too.
    #[param(default = false)]
    include_archived: Option<bool>,
}

/// One property.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct PropertyPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
    /// The property: its id, or `app_stage` for the stage of the list that `list_id` names.
    property_id: String,
}

/// One option.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct OptionPath {
    /// The team.
    #[param(format = Uuid)]
    team_id: String,
    /// The object type.
    #[param(inline)]
    object_type: ObjectTypeName,
    /// The property: its id, or `app_stage` for the stage of the list that `list_id` names.
    property_id: String,
    /// The option.
    #[param(format = Uuid)]
    option_id: String,
}

/// What a deletion says again of a property.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct PropertyFacts {
    /// The type of its values, which must be right where it is sent.
    r#type: Option<String>,
    /// The list in whose scope it lives.
    #[param(format = Uuid)]
    list_id: Option<String>,
}

/// Headers of every write.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct WriteHeaders {
    /// Sent again with the same request within 24 hours, the first answer is repeated.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[ -~]*$")]
    idempotency_key: Option<String>,
}

/// Headers of a stream that is opened again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct EventsHeaders {
    /// The id of the last event that was seen: the same is not sent again, unless it is the end.
    #[param(rename = "Last-Event-ID", pattern = "^[ -~]*$")]
    last_event_id: Option<String>,
}

/// Headers of a change to one record.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only described, never read")]
pub(crate) struct RecordHeaders {
    /// The record's `etag`, or `*`: anything else is answered 412.
    #[param(rename = "If-Match", pattern = "^[ -~]*$")]
    if_match: Option<String>,
}

/// The object types, as the document names them.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "only described, never made")]
enum ObjectTypeName {
    Contact,
    Organization,
    Identity,
    Deal,
    Action,
    Document,
    Event,
    Engagement,
}

#[cfg(test)]
mod tests {
    use refract_domain::object_type::ObjectType;
    use utoipa::PartialSchema as _;

    use super::*;

    #[test]
    fn the_document_names_the_types_there_are() {
        let schema = serde_json::to_value(ObjectTypeName::schema()).expect("plain data");
        assert_eq!(schema["enum"], serde_json::json!(ObjectType::ALL.map(ObjectType::name)));
    }
}
