//! What the reference store remembers. All of it is values: a clone is a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::{ApiKeyId, JobId, ListId, RecordId, TeamId};
use refract_domain::import::forecast::Forecast;
use refract_domain::import::job::{JobSnapshot, JobSpec, JobState, keeps_rows};
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::NewOption;
use refract_domain::import::row::RawChunk;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::record::Record;
use refract_domain::view::SavedView;
use refract_store::{KeptAnswer, List, NewApiKey, Team};
use uuid::Uuid;

use super::dry_run::Draft;
use super::undo::KeptImage;

/// Everything.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Which process this is; uploads belong to one.
    pub(super) process: u64,
    pub(super) is_closed: bool,
    /// In the order in which they were made.
    pub(super) teams: Vec<Team>,
    /// In the order in which they were made.
    pub(super) keys: Vec<NewApiKey>,
    /// Of teams whose schema was ever changed or read.
    pub(super) schemas: BTreeMap<TeamId, Arc<Schema>>,
    /// Properties on their way to being keyed, with the last record that was looked at.
    pub(super) building: BTreeMap<(TeamId, ObjectType, String), Option<RecordId>>,
    /// In the order in which they were made.
    pub(super) lists: Vec<(TeamId, List)>,
    /// In the order in which they were made.
    pub(super) views: Vec<(TeamId, SavedView)>,
    pub(super) records: BTreeMap<(TeamId, RecordId), Arc<Stored>>,
    /// List values of members; those of hidden records are kept, and not seen.
    pub(super) members: BTreeMap<(TeamId, ListId, RecordId), String>,
    /// How often the values of a member were written; 1 where nothing is said.
    pub(super) entry_versions: BTreeMap<(TeamId, ListId, RecordId), u64>,
    /// What jobs did to records that were there.
    pub(super) images: BTreeMap<(TeamId, JobId, RecordId), KeptImage>,
    /// What options jobs made.
    pub(super) made_options: Vec<(JobId, NewOption)>,
    pub(super) uploads: BTreeMap<Uuid, Staged>,
    pub(super) uploads_begun: u64,
    /// In the order in which they were admitted.
    pub(super) jobs: Vec<Job>,
    pub(super) answers: BTreeMap<(TeamId, ApiKeyId, String), Remembered>,
}

/// A record, deleted or not.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) record: Record,
    pub(super) is_deleted: bool,
    /// `None` before any were put.
    pub(super) grants: Option<Grants>,
}

impl Stored {
    /// Whether its team may only read it.
    pub(super) fn is_read_only(&self, team_id: TeamId) -> bool {
        self.grants.as_ref().is_some_and(|grants| grants.is_read_only_for(team_id))
    }
}

/// An upload's rows.
#[derive(Clone)]
pub(super) struct Staged {
    pub(super) process: u64,
    pub(super) chunks: Vec<Arc<RawChunk>>,
}

/// A job with all that belongs to it.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) spec: Arc<JobSpec>,
    pub(super) state: JobState,
    pub(super) chunks: Vec<Arc<RawChunk>>,
    pub(super) attempt: u32,
    pub(super) lease_until: Timestamp,
    pub(super) outcomes: Vec<Arc<Outcome>>,
    /// Of a dry run, beside the outcomes.
    pub(super) forecasts: Vec<Forecast>,
    /// Of a dry run, until a purge after its end.
    pub(super) draft: Draft,
    pub(super) tally: Tally,
    pub(super) options_made: u32,
    pub(super) deaths: u32,
    pub(super) suspect_row: Option<u32>,
    pub(super) suspect_deaths: u32,
    /// The row that the present worker is about to judge.
    pub(super) note: Option<u32>,
    pub(super) updated_at: Timestamp,
}

impl Job {
    pub(super) fn cursor(&self) -> u32 {
        u32::try_from(self.outcomes.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn state_is_end(&self) -> bool {
        self.state.ended_at().is_some()
    }

    /// Whether a worker of this attempt may write.
    pub(super) fn is_held_by(&self, attempt: u32) -> bool {
        self.state == JobState::Running { attempt }
    }

    pub(super) fn snapshot(&self) -> JobSnapshot {
        JobSnapshot {
            spec: JobSpec::clone(&self.spec),
            state: self.state.clone(),
            cursor: self.cursor(),
            tally: self.tally,
            updated_at: self.updated_at,
        }
    }

    /// Ends the job; its staged rows are of no use any more if all of them got in.
    pub(super) fn end(&mut self, state: JobState, now: Timestamp) {
        self.state = state;
        self.updated_at = now;
        if !keeps_rows(self.spec.kind, &self.tally, self.spec.total) {
            self.chunks.clear();
        }
    }
}

/// An idempotency key that was used.
#[derive(Clone)]
pub(super) struct Remembered {
    pub(super) fingerprint: [u8; 32],
    pub(super) used_at: Timestamp,
    /// `None` once it was purged.
    pub(super) answer: Option<Arc<KeptAnswer>>,
}

impl State {
    /// The team's schema; built-in before anything changes it.
    pub(super) fn schema(&self, team_id: TeamId) -> Arc<Schema> {
        self.schemas.get(&team_id).cloned().unwrap_or_else(|| Arc::new(Schema::builtin(1)))
    }

    /// Changes the team's schema, which thereby gets a new version.
    pub(super) fn change_schema(&mut self, team_id: TeamId, change: impl FnOnce(&mut Schema)) {
        let mut schema = Schema::clone(&self.schema(team_id));
        change(&mut schema);
        schema.version += 1;
        self.schemas.insert(team_id, Arc::new(schema));
    }

    /// A live record of the type.
    pub(super) fn live(&self, team_id: TeamId, object_type: ObjectType, id: RecordId) -> Option<&Record> {
        let stored = self.records.get(&(team_id, id))?;
        (!stored.is_deleted && stored.record.object_type == object_type).then_some(&stored.record)
    }

    /// All live records of the type, in id order.
    pub(super) fn all_live(&self, team_id: TeamId, object_type: ObjectType) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(move |((team, _), stored)| {
                *team == team_id && !stored.is_deleted && stored.record.object_type == object_type
            })
            .map(|(_, stored)| &stored.record)
    }
}
