//! A chunk of a dry run: planned as any other, and drafted beside the job instead of written. Nobody is kept from anything
//! meanwhile: what was found may change before the transaction ends, as it may afterwards.

use refract_domain::ids::{JobId, ListId, OptionId, RecordId};
use refract_domain::import::draft::{DraftKey, DraftRecord, DraftWrites, draft_chunk, needed_records};
use refract_domain::import::plan::{ChunkPlan, NewOption, PlanInput};
use refract_domain::key::KeyHash;
use refract_domain::property::SelectOption;
use refract_store::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Rows, computing, finding};
use crate::error::{Failure, Outcome, column};
use crate::holders::hash;
use crate::job::int4;
use crate::team::{SchemaUse, lock_schema};
use crate::transaction::Transaction;

const KEYS: &str = include_str!("../sql/draft_keys.sql");
const RECORD_BYTES: &str = include_str!("../sql/draft_record_bytes.sql");
const RECORDS: &str = include_str!("../sql/draft_records.sql");
const WRITE_KEYS: &str = include_str!("../sql/write_draft_key.sql");
const WRITE_RECORDS: &str = include_str!("../sql/write_draft_record.sql");
const WRITE_OPTION: &str = include_str!("../sql/write_draft_option.sql");

/// Records that are sent together, by bytes: a connection keeps room for its largest message.
const STATEMENT_BYTES_ENOUGH: usize = 1 << 20;
/// Keys that are sent together.
const STATEMENT_KEYS_MAX: usize = 20_000;

/// The job whose draft grows, and how many options it holds.
pub(crate) struct Drafted {
    pub(crate) job_id: JobId,
    pub(crate) options: u32,
}

/// Plans judged rows against what is there and what is drafted, and drafts what they would write.
pub(crate) async fn draft(transaction: &mut Transaction, rows: &Rows<'_>, drafted: &Drafted) -> Outcome<ChunkPlan> {
    // New options are drafted too: nothing of the schema changes.
    let team = lock_schema(transaction, rows.team_no, SchemaUse::Share).await?;
    if rows.judged.schema_version != team.schema_version || rows.context.drafted_options() != drafted.options {
        return Err(StoreError::SchemaChanged.into());
    }
    let mut found = finding::look(transaction, rows).await?;
    let keys = find_keys(transaction, rows, drafted.job_id).await?;
    let wanted = needed_records(rows.lookup, &found, &keys);
    let records = find_records(transaction, rows, drafted.job_id, &wanted).await?;
    let (plan, writes) = computing(rows.judged.rows.len(), || {
        found.cover(rows.lookup, rows.object_type(), &keys, records);
        draft_chunk(PlanInput {
            context: rows.context,
            chunk: rows.judged,
            lookup: rows.lookup,
            found,
            record_ids: rows.ids,
            new_options_left: rows.new_options_left,
            purpose: rows.purpose,
        })
    });
    write(transaction, rows.team_no, drafted, writes).await?;
    Ok(plan)
}

async fn find_keys(transaction: &mut Transaction, rows: &Rows<'_>, JobId(job_id): JobId) -> Outcome<Vec<DraftKey>> {
    if rows.lookup.keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Uuid> = rows.lookup.keys.iter().map(|key| hash(*key)).collect();
    let named = [(&rows.team_no as _, Type::INT8), (&job_id as _, Type::UUID), (&keys as _, Type::UUID_ARRAY)];
    let key = |row: &Row| {
        let key: Uuid = column(row, "key")?;
        let record = RecordId(column(row, "record_id")?);
        Ok(DraftKey { key: KeyHash::from_bytes(key.into_bytes()), record, held: column(row, "held")? })
    };
    transaction.query(KEYS, &named).await?.iter().map(key).collect()
}

async fn find_records(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    JobId(job_id): JobId,
    ids: &[RecordId],
) -> Outcome<Vec<DraftRecord>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let named = [(&rows.team_no as _, Type::INT8), (&job_id as _, Type::UUID), (&ids as _, Type::UUID_ARRAY)];
    if ids.len() >= finding::MAY_BE_LARGE {
        let found = transaction.query_opt(RECORD_BYTES, &named).await?;
        rows.check_found(found.as_ref().map_or(Ok(0), |row| column(row, "bytes"))?)?;
    }
    let record = |row: &Row| {
        let id = RecordId(column(row, "record_id")?);
        Ok(DraftRecord { id, body: column(row, "body")?, list_values: column(row, "list_values")? })
    };
    transaction.query(RECORDS, &named).await?.iter().map(record).collect()
}

async fn write(transaction: &mut Transaction, team_no: i64, drafted: &Drafted, writes: DraftWrites) -> Outcome<()> {
    let job_id = drafted.job_id.0;
    for some in writes.keys.chunks(STATEMENT_KEYS_MAX) {
        let keys: Vec<Uuid> = some.iter().map(|draft| hash(draft.key)).collect();
        let records: Vec<Uuid> = some.iter().map(|draft| draft.record.0).collect();
        let held: Vec<bool> = some.iter().map(|draft| draft.held).collect();
        let parameters = [
            (&team_no as _, Type::INT8),
            (&job_id as _, Type::UUID),
            (&keys as _, Type::UUID_ARRAY),
            (&records as _, Type::UUID_ARRAY),
            (&held as _, Type::BOOL_ARRAY),
        ];
        transaction.execute(WRITE_KEYS, &parameters).await?;
    }
    write_records(transaction, team_no, job_id, writes.records).await?;
    for (place, NewOption { list_id, property, option }) in (drafted.options..).zip(&writes.options) {
        let (place, list_id) = (int4(place)?, list_id.map(|id| id.0));
        let sort_index = i64::from(option.sort_index);
        let parameters = [
            (&team_no as _, Type::INT8),
            (&job_id as _, Type::UUID),
            (&place as _, Type::INT4),
            (&list_id as _, Type::UUID),
            (property as _, Type::TEXT),
            (&option.id.0 as _, Type::UUID),
            (&option.slug as _, Type::TEXT),
            (&option.value as _, Type::TEXT),
            (&sort_index as _, Type::INT8),
        ];
        transaction.execute(WRITE_OPTION, &parameters).await?;
    }
    Ok(())
}

async fn write_records(
    transaction: &mut Transaction,
    team_no: i64,
    job_id: Uuid,
    records: Vec<DraftRecord>,
) -> Outcome<()> {
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let (mut ids, mut bodies, mut lists, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
        while bytes < STATEMENT_BYTES_ENOUGH
            && let Some(DraftRecord { id, body, list_values }) = records.next()
        {
            bytes += body.len() + list_values.as_ref().map_or(0, String::len);
            ids.push(id.0);
            bodies.push(body);
            lists.push(list_values);
        }
        let parameters = [
            (&team_no as _, Type::INT8),
            (&job_id as _, Type::UUID),
            (&ids as _, Type::UUID_ARRAY),
            (&bodies as _, Type::TEXT_ARRAY),
            (&lists as _, Type::TEXT_ARRAY),
        ];
        transaction.execute(WRITE_RECORDS, &parameters).await?;
    }
    Ok(())
}

/// The drafted option of a row.
pub(crate) fn option(row: &Row) -> Outcome<NewOption> {
    let (slug, value): (String, String) = (column(row, "slug")?, column(row, "value")?);
    let sort_index = u32::try_from(column::<i64>(row, "sort_index")?);
    let sort_index = sort_index.map_err(|_| Failure::corrupt("a drafted option: a number out of range"))?;
    Ok(NewOption {
        list_id: column::<Option<Uuid>>(row, "list_id")?.map(ListId),
        property: column(row, "property")?,
        option: SelectOption::new(OptionId(column(row, "id")?), slug, value, sort_index),
    })
}
