//! Keeps what it takes to undo a job: the records it changes, as they were before, and the options it makes. Records that
//! it makes need nothing, since their ids tell the job and the row, unless the rows brought the ids along.

use refract_domain::ids::JobId;
use refract_domain::import::plan::{ChunkPlan, Insert, NewOption};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Rows;
use crate::error::Outcome;
use crate::job::int4;
use crate::schema::type_number;
use crate::transaction::Transaction;

const IMAGES: &str = include_str!("../sql/write_image.sql");
const MADE: &str = include_str!("../sql/write_image_made.sql");
const MAKER: &str = include_str!("../sql/write_option_maker.sql");

/// Keeps the records that a plan changes. Call it before they are.
pub(super) async fn keep(transaction: &mut Transaction, rows: &Rows<'_>, plan: &ChunkPlan) -> Outcome<()> {
    let Some(JobId(job_id)) = rows.job_id else { return Ok(()) };
    keep_made(transaction, rows, job_id, &plan.inserts).await?;
    if plan.touched.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = plan.touched.iter().map(|touched| touched.record.0).collect();
    let last_rows = plan.touched.iter().map(|touched| int4(touched.row)).collect::<Outcome<Vec<i32>>>()?;
    let bodies: Vec<bool> = plan.touched.iter().map(|touched| touched.body).collect();
    let entries: Vec<bool> = plan.touched.iter().map(|touched| touched.entry).collect();
    let back: Vec<bool> = plan.touched.iter().map(|touched| touched.back).collect();
    let list_id = rows.context.options().list_id.map(|list_id| list_id.0);
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&job_id as _, Type::UUID),
        (&ids as _, Type::UUID_ARRAY),
        (&last_rows as _, Type::INT4_ARRAY),
        (&bodies as _, Type::BOOL_ARRAY),
        (&entries as _, Type::BOOL_ARRAY),
        (&rows.now.0 as _, Type::INT8),
        (&list_id as _, Type::UUID),
        (&back as _, Type::BOOL_ARRAY),
    ];
    transaction.execute(IMAGES, &parameters).await?;
    Ok(())
}

async fn keep_made(transaction: &mut Transaction, rows: &Rows<'_>, job_id: Uuid, inserts: &[Insert]) -> Outcome<()> {
    let (mut ids, mut made_by) = (Vec::new(), Vec::new());
    for insert in inserts.iter().filter(|insert| rows.has_own_id(insert.row)) {
        ids.push(insert.id.0);
        made_by.push(int4(insert.row)?);
    }
    if ids.is_empty() {
        return Ok(());
    }
    let entry = i64::from(rows.context.options().list_id.is_some());
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&job_id as _, Type::UUID),
        (&ids as _, Type::UUID_ARRAY),
        (&made_by as _, Type::INT4_ARRAY),
        (&rows.now.0 as _, Type::INT8),
        (&entry as _, Type::INT8),
    ];
    transaction.execute(MADE, &parameters).await?;
    Ok(())
}

/// Says of options that were just made which job made them.
pub(super) async fn sign(transaction: &mut Transaction, rows: &Rows<'_>, made: &[NewOption]) -> Outcome<()> {
    let Some(JobId(job_id)) = rows.job_id else { return Ok(()) };
    let lists: Vec<Uuid> = made.iter().map(|made| made.list_id.map_or(Uuid::nil(), |list_id| list_id.0)).collect();
    let properties: Vec<&str> = made.iter().map(|made| made.property.as_str()).collect();
    let slugs: Vec<&str> = made.iter().map(|made| made.option.slug.as_str()).collect();
    let object_type = type_number(rows.object_type());
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&job_id as _, Type::UUID),
        (&object_type as _, Type::INT2),
        (&lists as _, Type::UUID_ARRAY),
        (&properties as _, Type::TEXT_ARRAY),
        (&slugs as _, Type::TEXT_ARRAY),
    ];
    transaction.execute(MAKER, &parameters).await?;
    Ok(())
}
