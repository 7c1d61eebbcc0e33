//! `apply_inline`: matches and writes a small import in one commit.

use refract_domain::import::plan::{Lookup, Purpose};
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{Answered, InlineImport, InlineReport, StoreError};

use crate::chunk::{Rows, carry_out};
use crate::error::{Failure, Outcome};
use crate::idempotency::{KeyOwner, once};
use crate::job::id_space;
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

/// See [`refract_store::ImportVerbs::apply_inline`].
#[tracing::instrument(name = "store.apply_inline", skip_all, fields(rows = command.judged.rows.len()))]
pub(crate) async fn apply_inline(
    store: &PostgresStore,
    command: InlineImport,
) -> Result<Answered<InlineReport>, StoreError> {
    store.write(command, |transaction, command| Box::pin(write_rows(transaction, command))).await
}

async fn write_rows(transaction: &mut Transaction, command: &InlineImport) -> Outcome<Answered<InlineReport>> {
    let InlineImport { caller, context, judged, source, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| {
        if judged.first_row != 0 {
            return Err(Failure::internal("an inline import begins at row 0"));
        }
        let ids = id_space(*now, *source);
        let lookup = &Lookup::of(context, judged);
        let new_options_left = NEW_OPTIONS_PER_JOB_MAX;
        let purpose = Purpose::Write;
        let rows = Rows { context, judged, lookup, team_no, ids, new_options_left, now: *now, job_id: None, purpose };
        let plan = carry_out(transaction, &rows).await?;
        Ok(InlineReport { record_ids: ids, outcomes: plan.outcomes, tally: plan.tally, created_at: *now })
    })
    .await
}
