//! Counts of records and of lists' members. Every transaction that changes them would queue for their rows, so a count
//! is spread over slots, of which each transaction takes any one, and is written last, right before the commit.

use std::collections::BTreeMap;

use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::schema::type_number;
use crate::transaction::Transaction;

const RECORDS: &str = include_str!("sql/write_count.sql");
const PLACES: &str = include_str!("sql/write_record_members.sql");
const MEMBERS: &str = include_str!("sql/write_list_members.sql");

/// What a transaction adds to counts of one team.
#[derive(Debug, Default)]
pub(crate) struct CountChanges {
    records: BTreeMap<(i64, i16), i64>,
    members: BTreeMap<(i64, ListId), i64>,
}

impl CountChanges {
    /// So many more live records of a type.
    pub(crate) fn records(&mut self, team_no: i64, object_type: ObjectType, more: i64) {
        *self.records.entry((team_no, type_number(object_type))).or_default() += more;
    }

    /// So many more members of a list.
    pub(crate) fn members(&mut self, team_no: i64, list_id: ListId, more: i64) {
        *self.members.entry((team_no, list_id)).or_default() += more;
    }
}

/// Writes what the transaction has counted: call it last. Always in one order, and all in one slot.
pub(crate) async fn write(transaction: &mut Transaction) -> Outcome<()> {
    let CountChanges { records, members } = std::mem::take(&mut transaction.counts);
    let slot = transaction.shared.count_slot();
    for ((team_no, object_type), more) in records.into_iter().filter(|(_, more)| *more != 0) {
        let parameters = [
            (&team_no as _, Type::INT8),
            (&object_type as _, Type::INT2),
            (&slot as _, Type::INT2),
            (&more as _, Type::INT8),
        ];
        transaction.execute(RECORDS, &parameters).await?;
    }
    for ((team_no, list_id), more) in members.into_iter().filter(|(_, more)| *more != 0) {
        let parameters = [
            (&team_no as _, Type::INT8),
            (&list_id.0 as _, Type::UUID),
            (&slot as _, Type::INT2),
            (&more as _, Type::INT8),
        ];
        transaction.execute(MEMBERS, &parameters).await?;
    }
    Ok(())
}

/// Counts these records in all lists that they have a place in.
pub(crate) async fn count_members(transaction: &mut Transaction, team_no: i64, ids: &[Uuid], more: i64) -> Outcome<()> {
    for row in transaction.query(PLACES, &[(&team_no, Type::INT8), (&ids, Type::UUID_ARRAY)]).await? {
        transaction.counts.members(team_no, ListId(column(&row, "list_id")?), more);
    }
    Ok(())
}
