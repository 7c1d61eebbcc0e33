//! An import job as the API answers it, read as a stream: results are handed on one by one and never all held.

use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobStatus {
    /// Rows are still being written.
    Processing,
    /// Every row is accounted for.
    Complete,
    /// It could not be carried through.
    Failed,
}

impl JobStatus {
    /// The word people read.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }
}

/// What went wrong, in a code and a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Reason {
    /// The code.
    #[serde(default)]
    pub(crate) code: String,
    /// The sentence.
    #[serde(default)]
    pub(crate) message: String,
    /// All faults of a row; `message` names the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldReason>,
}

/// One fault of a row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct FieldReason {
    /// Where in the row.
    #[serde(default)]
    pub(crate) field: String,
    /// The code.
    #[serde(default)]
    pub(crate) code: String,
    /// The sentence.
    #[serde(default)]
    pub(crate) message: String,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RowResult {
    /// The row, counted from 0.
    pub(crate) input_index: u64,
    /// The record, unless the row failed.
    #[serde(default)]
    pub(crate) id: Option<String>,
    /// Whether it made the record.
    #[serde(default)]
    pub(crate) created: bool,
    /// Whether it matched one.
    #[serde(default)]
    pub(crate) existing: bool,
    /// Whether it changed the one it matched.
    #[serde(default)]
    pub(crate) updated: bool,
    /// What an undo did: `removed`, `restored` or `unchanged`; of jobs of other kinds only a dry run has one.
    #[serde(default)]
    pub(crate) outcome: Option<String>,
    /// What a dry run says; nothing else has it.
    #[serde(default)]
    pub(crate) verdict: Option<String>,
    /// Of a dry run: what would change in the record.
    #[serde(default)]
    pub(crate) changes: Vec<Change>,
    /// Why it was passed over.
    #[serde(default)]
    pub(crate) skip_reason: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub(crate) error: Option<Reason>,
}

/// A value that would change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Change {
    /// Where in the row.
    pub(crate) field: String,
    /// The value before; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<serde_json::Value>,
    /// The value after; `None` where it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<serde_json::Value>,
}

/// A job without its results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// Its id; `None` when the import was answered in its request.
    pub(crate) job_id: Option<String>,
    /// How it stands.
    pub(crate) status: JobStatus,
    /// Rows in the import.
    pub(crate) total: u64,
    /// Rows accounted for.
    pub(crate) processed: u64,
    /// Rows that are in.
    pub(crate) succeeded: u64,
    /// Rows that failed.
    pub(crate) failed: u64,
    /// Why the job failed.
    pub(crate) error: Option<Reason>,
    /// When it can no longer be read.
    pub(crate) expires_at: Option<String>,
    /// Lines above the table in the file that was imported.
    pub(crate) lines_above: u64,
}

/// Of a file as the server read it, what this program tells.
#[derive(Deserialize)]
struct FileRead {
    #[serde(default)]
    skip_rows: u64,
}

/// Takes results as they come: the result, and its JSON as the server wrote it.
pub(crate) type OnResult<'a> = &'a mut dyn FnMut(RowResult, &str) -> io::Result<()>;

/// Reads a job from an answer's body.
///
/// # Errors
/// When the bytes end early, are no job, or `on_result` fails.
pub(crate) fn read_job(body: impl Read, on_result: OnResult<'_>) -> Result<Job, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_reader(io::BufReader::with_capacity(64 << 10, body));
    let job = JobSeed(on_result).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(job)
}

struct JobSeed<'a>(OnResult<'a>);

impl<'de> DeserializeSeed<'de> for JobSeed<'_> {
    type Value = Job;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Job, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for JobSeed<'_> {
    type Value = Job;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an import job")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Job, A::Error> {
        let (mut status, mut total) = (None, None);
        let (mut processed, mut succeeded, mut failed) = (None, None, None);
        let (mut job_id, mut error, mut expires_at) = (None, None, None);
        let mut file: Option<FileRead> = None;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "job_id" => job_id = members.next_value()?,
                "status" => status = Some(members.next_value()?),
                "total" => total = Some(members.next_value()?),
                "processed" => processed = members.next_value()?,
                "succeeded" => succeeded = members.next_value()?,
                "failed" => failed = members.next_value()?,
                "error" => error = members.next_value()?,
                "expires_at" => expires_at = members.next_value()?,
                "file" => file = members.next_value()?,
                "results" => members.next_value_seed(ResultsSeed(&mut *self.0))?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        let missing = <A::Error as serde::de::Error>::missing_field;
        Ok(Job {
            job_id,
            status: status.ok_or_else(|| missing("status"))?,
            total: total.ok_or_else(|| missing("total"))?,
            processed: processed.unwrap_or_default(),
            succeeded: succeeded.unwrap_or_default(),
            failed: failed.unwrap_or_default(),
            error,
            expires_at,
            lines_above: file.map_or(0, |file| file.skip_rows),
        })
    }
}

struct ResultsSeed<'a>(OnResult<'a>);

impl<'de> DeserializeSeed<'de> for ResultsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for ResultsSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the results of an import")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut results: A) -> Result<(), A::Error> {
        use serde::de::Error;
        while let Some(raw) = results.next_element::<Box<RawValue>>()? {
            let result = serde_json::from_str(raw.get()).map_err(A::Error::custom)?;
            (self.0)(result, raw.get()).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Result<Job, serde_json::Error>, Vec<RowResult>) {
        let mut results = Vec::new();
        let job = read_job(text.as_bytes(), &mut |result, _| {
            results.push(result);
            Ok(())
        });
        (job, results)
    }

    #[test]
    fn a_finished_job_gives_its_results_one_by_one() {
        let (job, results) = read(
            r#"{"job_id":null,"status":"complete","total":2,"processed":2,"succeeded":1,"failed":1,"results":[
                {"input_index":0,"id":"x","created":true,"existing":false,"updated":false},
                {"input_index":1,"id":null,"created":false,"existing":false,"updated":false,
                 "error":{"code":"invalid_value","message":"no","errors":[{"field":"age","code":"invalid_value","message":"no"}]}}
               ],"unknown":{"a":[1]}}"#,
        );
        let job = job.unwrap();
        assert_eq!((job.status, job.total, job.failed, job.job_id), (JobStatus::Complete, 2, 1, None));
        assert_eq!(results.len(), 2);
        assert!(results[0].created && results[0].error.is_none());
        assert_eq!(results[1].error.as_ref().map(|reason| reason.errors[0].field.as_str()), Some("age"));
    }

    #[test]
    fn a_running_job_has_no_results() {
        let (job, results) = read(r#"{"job_id":"j","status":"processing","total":9,"processed":4,"results":null}"#);
        assert_eq!(job.unwrap().processed, 4);
        assert!(results.is_empty());
    }

    #[test]
    fn what_is_no_job_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"status":"complete"}"#,
            r#"{"status":"odd","total":1}"#,
            r#"{"status":"complete","total":1,"results":["#,
        ] {
            assert!(read(text).0.is_err(), "{text}");
        }
    }
}
