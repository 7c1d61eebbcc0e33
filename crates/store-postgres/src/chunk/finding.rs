//! Finds what a chunk's rows speak of: claims their keys, reads the records that hold them and those they name.
//!
//! Other transactions go on meanwhile. What was found is only used when it still holds after everything that the plan
//! rests on was locked; otherwise it is looked for again.

use std::collections::{BTreeSet, HashMap, HashSet};

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::plan::{Found, FoundRecord, Holders};
use refract_domain::import::row::JudgedRow;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Rows;
use crate::error::{Failure, Outcome, column};
use crate::holders::{Holder, claim, hash, holders};
use crate::records::{self, StoredRecord};
use crate::schema::type_number;
use crate::transaction::Transaction;

const DELETED: &str = include_str!("../sql/find_deleted.sql");
const LIST_VALUES: &str = include_str!("../sql/find_list_entries.sql");

const BYTES: &str = include_str!("../sql/find_bytes.sql");

/// Fewer records are never too large together: a row is 1 MiB at most, and what a record holds comes from rows.
pub(super) const MAY_BE_LARGE: usize = 32;

/// Deleted records that are looked at at once.
const DELETED_BATCH: i64 = 1_000;

/// How often what was found may change before everything is locked. More is left to another try of the transaction.
const ROUNDS_MAX: usize = 8;

/// Gives what the plan needs, and which of the found records are members of the import's list.
pub(super) async fn find(transaction: &mut Transaction, rows: &Rows<'_>) -> Outcome<(Found, HashSet<RecordId>)> {
    let mut finder = Finder::new(transaction, rows);
    let stored = finder.find_stored().await?;
    finder.put_together(stored).await
}

/// Gives what the plan of a dry run needs: nothing is claimed, nobody is locked out.
pub(super) async fn look(transaction: &mut Transaction, rows: &Rows<'_>) -> Outcome<Found> {
    let mut finder = Finder::new(transaction, rows);
    finder.held = holders(finder.transaction, rows.team_no, &finder.hashes).await?;
    finder.find_deleted().await?;
    let mut ids: BTreeSet<Uuid> = rows.lookup.ids.iter().map(|id| id.0).collect();
    if rows.lookup.needs_records {
        ids.extend(finder.held.iter().map(|(_, record)| *record));
    }
    ids.extend(&finder.deleted);
    let ids: Vec<Uuid> = ids.into_iter().collect();
    finder.check_bytes(&ids).await?;
    let stored = records::find(finder.transaction, rows.team_no, &ids).await?;
    finder.put_together(stored).await.map(|(found, _)| found)
}

struct Finder<'t, 'r> {
    transaction: &'t mut Transaction,
    rows: &'r Rows<'r>,
    /// The chunk's keys, ascending, as the database has them.
    hashes: Vec<Uuid>,
    /// Keys that others hold, ascending, with their holders.
    taken: Vec<Uuid>,
    held: Vec<Holder>,
    /// Deleted records that have one of the keys.
    deleted: BTreeSet<Uuid>,
}

impl<'t, 'r> Finder<'t, 'r> {
    fn new(transaction: &'t mut Transaction, rows: &'r Rows<'r>) -> Self {
        let hashes = rows.lookup.keys.iter().map(|key| hash(*key)).collect();
        Self { transaction, rows, hashes, taken: Vec::new(), held: Vec::new(), deleted: BTreeSet::new() }
    }

    /// What was found, and which of the records are members of the import's list.
    async fn put_together(&mut self, stored: Vec<StoredRecord>) -> Outcome<(Found, HashSet<RecordId>)> {
        let mut found = Found { holders: self.places()?, ..Found::default() };
        let mut members = HashSet::new();
        let mut values = self.list_values(&stored).await?;
        for stored in stored {
            let read_only = stored.is_read_only(self.rows.context.team_id())?;
            let StoredRecord { deleted, record, .. } = stored;
            let list_values = values.remove(&record.id);
            if list_values.is_some() {
                members.insert(record.id);
            }
            let places = (deleted && self.deleted.contains(&record.id.0))
                .then(|| self.rows.lookup.places_of(self.rows.context, &record.body));
            let entry =
                FoundRecord { object_type: record.object_type, deleted, read_only, body: record.body, list_values };
            match places {
                Some(places) => found.add_deleted(&places, record.id, entry),
                None => drop(found.records.insert(record.id, entry)),
            }
        }
        Ok((found, members))
    }

    /// Claims and locks until nothing changes any more; gives the records that were found.
    async fn find_stored(&mut self) -> Outcome<Vec<StoredRecord>> {
        let (team_no, lookup) = (self.rows.team_no, self.rows.lookup);
        let (locked_ids, read_ids) = self.named_ids();
        self.taken = self.hashes.clone();
        self.claim_taken().await?;
        for _ in 0..ROUNDS_MAX {
            self.held = holders(self.transaction, team_no, &self.taken).await?;
            if self.some_are_free() {
                // Given up since they were found taken.
                self.claim_free().await?;
                continue;
            }
            self.find_deleted().await?;
            if !lookup.needs_records && self.deleted.is_empty() {
                return records::find(self.transaction, team_no, &read_ids).await;
            }
            let mut ids = locked_ids.clone();
            if lookup.needs_records {
                ids.extend(self.held.iter().map(|(_, record)| *record));
            }
            ids.extend(&self.deleted);
            let ids: Vec<Uuid> = ids.into_iter().collect();
            self.check_bytes(&ids).await?;
            let mut stored = records::lock(self.transaction, team_no, &ids).await?;
            // Whoever brought one back meanwhile had it locked until then: from now on they stay deleted.
            if !self.are_still_deleted(&stored) {
                continue;
            }
            // Whoever moved a key had its record locked until then: from now on they stay.
            if holders(self.transaction, team_no, &self.taken).await? == self.held {
                let others: Vec<Uuid> = read_ids.iter().copied().filter(|id| ids.binary_search(id).is_err()).collect();
                stored.extend(records::find(self.transaction, team_no, &others).await?);
                return Ok(stored);
            }
        }
        Err(Failure::conflict("the holders of a chunk's keys kept changing"))
    }

    /// Refuses rows of a job whose records are too large to be read together.
    async fn check_bytes(&mut self, ids: &[Uuid]) -> Outcome<()> {
        let rows = self.rows;
        if ids.len() < MAY_BE_LARGE || rows.job_id.is_none() {
            return Ok(());
        }
        let named = [(&rows.team_no as _, Type::INT8), (&ids as _, Type::UUID_ARRAY)];
        let found = self.transaction.query_opt(BYTES, &named).await?;
        rows.check_found(found.as_ref().map_or(Ok(0), |row| column(row, "bytes"))?)
    }

    /// Looks for the deleted records that have one of the keys, where they matter. They hold none, so all of the type are
    /// looked at, a batch after the other; those that are wanted are few.
    async fn find_deleted(&mut self) -> Outcome<()> {
        self.deleted.clear();
        let rows = self.rows;
        let some_are_free = self.taken.len() < self.hashes.len();
        if !rows.lookup.seeks_deleted(rows.purpose, some_are_free) {
            return Ok(());
        }
        let object_type = type_number(rows.object_type());
        let mut after = Uuid::nil();
        loop {
            let named = [
                (&rows.team_no as _, Type::INT8),
                (&object_type as _, Type::INT2),
                (&after as _, Type::UUID),
                (&DELETED_BATCH as _, Type::INT8),
            ];
            let batch = self.transaction.query(DELETED, &named).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = column(last, "id")?;
            for row in &batch {
                if !rows.lookup.places_of(rows.context, column(row, "body")?).is_empty() {
                    self.deleted.insert(column(row, "id")?);
                }
            }
        }
    }

    fn are_still_deleted(&self, stored: &[StoredRecord]) -> bool {
        let still = stored.iter().filter(|stored| stored.deleted && self.deleted.contains(&stored.record.id.0));
        still.count() == self.deleted.len()
    }

    /// The ids that rows name: those of records that may be changed, and those that are only looked at.
    fn named_ids(&self) -> (BTreeSet<Uuid>, Vec<Uuid>) {
        let all: Vec<Uuid> = self.rows.lookup.ids.iter().map(|id| id.0).collect();
        if !self.rows.lookup.needs_records {
            return (BTreeSet::new(), all);
        }
        let given = self.rows.judged.rows.iter().filter_map(|row| match row {
            JudgedRow::Good(good) => good.extra.as_deref().and_then(|extra| extra.given_id).map(|id| id.0),
            JudgedRow::Skipped(_) | JudgedRow::Faulty(_) => None,
        });
        let given: BTreeSet<Uuid> = given.collect();
        let read = all.into_iter().filter(|id| !given.contains(id)).collect();
        (given, read)
    }

    /// Claims what is in `taken` and leaves there what others hold.
    async fn claim_taken(&mut self) -> Outcome<()> {
        let claims = self.taken.clone();
        let claimed = self.claim(&claims).await?;
        self.leave_out(&claimed);
        Ok(())
    }

    async fn claim_free(&mut self) -> Outcome<()> {
        let free: Vec<Uuid> = self.taken.iter().copied().filter(|key| !self.is_held(*key)).collect();
        let claimed = self.claim(&free).await?;
        self.leave_out(&claimed);
        Ok(())
    }

    /// Claims keys, each for the record of its first row.
    async fn claim(&mut self, keys: &[Uuid]) -> Outcome<Vec<Uuid>> {
        let first_rows = &self.rows.lookup.first_rows;
        let record_of = |key: &Uuid| {
            let place = self.hashes.binary_search(key).ok().and_then(|place| first_rows.get(place));
            place.map(|row| self.rows.record_id(*row).0)
        };
        let records: Option<Vec<Uuid>> = keys.iter().map(record_of).collect();
        let records = records.ok_or_else(|| Failure::internal("a key that no row bears"))?;
        claim(self.transaction, self.rows.team_no, keys, &records).await
    }

    fn leave_out(&mut self, claimed: &[Uuid]) {
        if claimed.len() == self.taken.len() {
            self.taken.clear();
        } else {
            self.taken.retain(|key| claimed.binary_search(key).is_err());
        }
    }

    fn some_are_free(&self) -> bool {
        let mut keys: Vec<Uuid> = self.held.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        keys.len() < self.taken.len()
    }

    fn is_held(&self, key: Uuid) -> bool {
        let place = self.held.partition_point(|(held, _)| *held < key);
        self.held.get(place).is_some_and(|(held, _)| *held == key)
    }

    /// Who holds each of the chunk's keys.
    fn places(&self) -> Outcome<Vec<Holders>> {
        let mut places = vec![Holders::Claimed; self.hashes.len()];
        for (key, record) in &self.held {
            let place = self.hashes.binary_search(key).ok().and_then(|place| places.get_mut(place));
            let place = place.ok_or_else(|| Failure::internal("a holder of a key that no row bears"))?;
            add_holder(place, RecordId(*record));
        }
        Ok(places)
    }

    /// The values in the import's list of those found records that are members. Records are locked by now, and with
    /// them their memberships.
    async fn list_values(&mut self, stored: &[StoredRecord]) -> Outcome<HashMap<RecordId, String>> {
        let Some(list_id) = self.rows.lookup.list_id else { return Ok(HashMap::new()) };
        let ids: Vec<Uuid> = stored.iter().map(|stored| stored.record.id.0).collect();
        values_in_list(self.transaction, self.rows.team_no, list_id, &ids).await
    }
}

/// The values in a list of those of these records that are members.
pub(crate) async fn values_in_list(
    transaction: &mut Transaction,
    team_no: i64,
    ListId(list_id): ListId,
    ids: &[Uuid],
) -> Outcome<HashMap<RecordId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let parameters = [(&team_no as _, Type::INT8), (&list_id as _, Type::UUID), (&ids as _, Type::UUID_ARRAY)];
    let rows = transaction.query(LIST_VALUES, &parameters).await?;
    rows.iter().map(|row| Ok((RecordId(column(row, "record_id")?), column(row, "values")?))).collect()
}

fn add_holder(holders: &mut Holders, id: RecordId) {
    match holders {
        Holders::Claimed => *holders = Holders::Held(id),
        Holders::Held(first) => *holders = Holders::Shared(vec![*first, id]),
        Holders::Shared(ids) => ids.push(id),
    }
}
