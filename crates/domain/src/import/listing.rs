//! Which jobs are asked for, and in which order: the newest first, by admission and then by id.

use crate::clock::Timestamp;
use crate::ids::JobId;
use crate::import::job::{JobSnapshot, JobState};
use crate::object_type::ObjectType;

/// Most jobs on a page.
pub const JOBS_PAGE_MAX: u32 = 50;

/// Where a job stands, in the words that callers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStanding {
    /// Queued or running.
    Processing,
    /// Every row has an outcome.
    Complete,
    /// It could not be carried through.
    Failed,
}

impl JobStanding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Processing, Self::Complete, Self::Failed];

    /// The word on the wire and in stores' queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }

    /// Where a job of this state stands.
    #[must_use]
    pub const fn of(state: &JobState) -> Self {
        match state {
            JobState::Queued | JobState::Running { .. } => Self::Processing,
            JobState::Complete { .. } => Self::Complete,
            JobState::Failed { .. } => Self::Failed,
        }
    }
}

/// How far a job is, so that it can be told whether it has got on. Marks of one job never come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobMark {
    standing: JobStanding,
    cursor: u32,
}

impl JobMark {
    /// Where the job is.
    #[must_use]
    pub const fn of(snapshot: &JobSnapshot) -> Self {
        Self { standing: JobStanding::of(&snapshot.state), cursor: snapshot.cursor }
    }
}

impl std::fmt::Display for JobMark {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.standing.name(), self.cursor)
    }
}

/// The place of a job among those of its team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobPlace {
    /// When it was admitted.
    pub created_at: Timestamp,
    /// Its id, among those admitted at one instant.
    pub id: JobId,
}

impl JobPlace {
    /// After every job: where a first page begins.
    pub const LAST: Self = Self { created_at: Timestamp(i64::MAX), id: JobId(uuid::Uuid::max()) };

    /// The place of a job.
    #[must_use]
    pub const fn of(snapshot: &JobSnapshot) -> Self {
        Self { created_at: snapshot.spec.created_at, id: snapshot.spec.id }
    }

    /// The form in which cursors keep it.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        [&self.created_at.0.to_be_bytes()[..], self.id.as_bytes()].concat()
    }

    /// Reads what [`Self::to_bytes`] made.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (millis, id) = bytes.split_first_chunk()?;
        let id = JobId::from_bytes(id.try_into().ok()?);
        Some(Self { created_at: Timestamp(i64::from_be_bytes(*millis)), id })
    }
}

/// Which jobs of a team are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// Only those that stand so.
    pub standing: Option<JobStanding>,
    /// Only those of this type.
    pub object_type: Option<ObjectType>,
    /// Only those admitted later.
    pub created_after: Option<Timestamp>,
    /// Only those admitted earlier.
    pub created_before: Option<Timestamp>,
}

impl JobFilter {
    /// Whether a job is asked for.
    #[must_use]
    pub fn holds(&self, snapshot: &JobSnapshot) -> bool {
        let created_at = snapshot.spec.created_at;
        self.standing.is_none_or(|standing| standing == JobStanding::of(&snapshot.state))
            && self.object_type.is_none_or(|object_type| object_type == snapshot.spec.object_type)
            && self.created_after.is_none_or(|after| created_at > after)
            && self.created_before.is_none_or(|before| created_at < before)
    }

    /// The question as bytes, for the signature of its cursors: different ones have different bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { standing, object_type, created_after, created_before } = self;
        let mut bytes = b"jobs".to_vec();
        bytes.push(standing.map_or(0, |standing| standing as u8 + 1));
        bytes.push(object_type.map_or(0, ObjectType::number));
        for instant in [created_after, created_before] {
            bytes.push(u8::from(instant.is_some()));
            bytes.extend_from_slice(&instant.unwrap_or_default().0.to_be_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_order_as_jobs_do() {
        let place = JobPlace { created_at: Timestamp(-5), id: JobId::from_bytes([7; 16]) };
        assert_eq!(JobPlace::from_bytes(&place.to_bytes()), Some(place));
        assert_eq!(JobPlace::from_bytes(&[0; 23]), None);
        assert_eq!(JobPlace::from_bytes(&[0; 25]), None);
        assert!(place < JobPlace { created_at: Timestamp(-4), id: JobId::from_bytes([0; 16]) });
        assert!(place < JobPlace { id: JobId::from_bytes([8; 16]), ..place } && place < JobPlace::LAST);
    }

    #[test]
    fn every_part_of_a_question_is_in_its_bytes() {
        let asked = JobFilter {
            standing: Some(JobStanding::Failed),
            object_type: Some(ObjectType::Deal),
            created_after: Some(Timestamp(0)),
            created_before: None,
        };
        let others = [
            JobFilter { standing: None, ..asked },
            JobFilter { standing: Some(JobStanding::Complete), ..asked },
            JobFilter { object_type: None, ..asked },
            JobFilter { created_after: None, ..asked },
            JobFilter { created_after: Some(Timestamp(1)), ..asked },
            JobFilter { created_after: None, created_before: Some(Timestamp(0)), ..asked },
        ];
        for other in others {
            assert_ne!(other.to_bytes(), asked.to_bytes(), "{other:?}");
        }
    }
}
