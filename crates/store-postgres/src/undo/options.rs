//! Removes the options that a job made and nobody uses any more. The transaction owns the team's schema.

use refract_domain::ids::{JobId, ListId};
use refract_domain::import::job::JobSpec;
use refract_domain::import::plan::NewOption;
use refract_domain::import::undo::OptionUse;
use refract_domain::property::{PropertyPlace, SchemaChange};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::schema::{self, type_number};
use crate::transaction::{Parameter, Transaction};

const OPTIONS: &str = include_str!("../sql/undo_options.sql");
const BODIES: &str = include_str!("../sql/undo_bodies.sql");
const LIST_BODIES: &str = include_str!("../sql/undo_list_bodies.sql");

/// Removes those of this job, which `spec` undoes; a new version of the schema, if there are any.
pub(crate) async fn remove_unused(
    transaction: &mut Transaction,
    spec: &JobSpec,
    team_no: i64,
    JobId(of): JobId,
) -> Outcome<()> {
    let mut made = Vec::new();
    for row in transaction.query(OPTIONS, &[(&team_no, Type::INT8), (&of, Type::UUID)]).await? {
        if let SchemaChange::PutOption(place, option) = schema::option(&row)? {
            made.push(NewOption { list_id: place.list_id, property: place.slug, option });
        }
    }
    let mut uses = OptionUse::of(made);
    let object_type = type_number(spec.object_type);
    if uses.is_of_team() {
        look_at(transaction, BODIES, team_no, (&object_type, Type::INT2), None, &mut uses).await?;
    }
    for list_id in uses.lists() {
        look_at(transaction, LIST_BODIES, team_no, (&list_id.0, Type::UUID), Some(list_id), &mut uses).await?;
    }
    let unused = uses.unused().into_iter();
    let changes: Vec<SchemaChange> = unused
        .map(|NewOption { list_id, property, option }| {
            let place = PropertyPlace { object_type: spec.object_type, list_id, slug: property };
            SchemaChange::RemoveOption(place, option)
        })
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    schema::keep(transaction, team_no, &changes).await?;
    schema::changed(transaction, spec.team_id, team_no).await
}

/// Looks at all values in this scope, a batch at a time, until each option is found in use.
async fn look_at(
    transaction: &mut Transaction,
    sql: &str,
    team_no: i64,
    scope: Parameter<'_>,
    list_id: Option<ListId>,
    uses: &mut OptionUse,
) -> Outcome<()> {
    let mut after = Uuid::nil();
    loop {
        let slugs = uses.slugs(list_id);
        if slugs.is_empty() {
            return Ok(());
        }
        let (scope_value, scope_type) = &scope;
        let parameters = [
            (&team_no as _, Type::INT8),
            (*scope_value, scope_type.clone()),
            (&after as _, Type::UUID),
            (&slugs as _, Type::TEXT_ARRAY),
        ];
        let mut last = None;
        for row in transaction.query(sql, &parameters).await? {
            match column::<Option<String>>(&row, "body")? {
                Some(body) => uses.look_at(list_id, &body),
                None => last = Some(column(&row, "last")?),
            }
        }
        match last {
            Some(id) => after = id,
            None => return Ok(()),
        }
    }
}
