//! `apply_inline`: matches and writes a small import in one commit.

use std::sync::Arc;

use refract_domain::import::plan::{Lookup, Purpose};
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{Answered, InlineImport, InlineReport, StoreError};

use crate::chunk::{NumberedIds, Rows, carry_out};
use crate::error::{Failure, Outcome};
use crate::idempotency::{KeyOwner, once};
use crate::numbers::id_space;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::ImportVerbs::apply_inline`].
#[tracing::instrument(name = "store.apply_inline", skip_all, fields(rows = command.judged.rows.len()))]
pub(crate) async fn apply_inline(
    store: &SqliteStore,
    command: InlineImport,
) -> Result<Answered<InlineReport>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| write_rows(write, &shared, command)).await
}

fn write_rows(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    command: InlineImport,
) -> Outcome<Answered<InlineReport>> {
    let InlineImport { caller, context, judged, source, now, idempotent } = command;
    let team = require_team(write.connection, caller.team_id)?;
    once(write, KeyOwner { team_no: team.team_no, caller }, idempotent, now, |write| {
        if judged.first_row != 0 {
            return Err(Failure::internal("an inline import begins at row 0"));
        }
        let first_number = write.numbers.take(judged.end_row(), now)?;
        let ids = NumberedIds { space: id_space(first_number, source), first_number };
        let new_options_left = NEW_OPTIONS_PER_JOB_MAX;
        let lookup = Lookup::of(&context, &judged);
        let rows = Rows {
            context: &context,
            judged: &judged,
            lookup: &lookup,
            team,
            ids,
            new_options_left,
            now,
            undoable: None,
            purpose: Purpose::Write,
        };
        let plan = carry_out(write, shared, &rows)?;
        Ok(InlineReport { record_ids: ids.space, outcomes: plan.outcomes, tally: plan.tally, created_at: now })
    })
}
