//! Who holds a dedupe key: the first holder in one table, further ones in another. Everything is done for many keys at
//! once, and always in the order of their hashes.
//!
//! The rule for writers: a key that nobody holds is taken by inserting its row, and the unique key decides who was
//! first. Everything else that changes a key's holders locks its row first.

use std::collections::{BTreeMap, BTreeSet};

use refract_domain::ids::RecordId;
use refract_domain::import::plan::{KeyChange, MovedClaim};
use refract_domain::key::KeyHash;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Failure, Outcome, column};
use crate::transaction::Transaction;

const CLAIM: &str = include_str!("sql/find_claim.sql");
const HOLDERS: &str = include_str!("sql/find_holder.sql");
const LOCK: &str = include_str!("sql/find_holder_locked.sql");
const SET_HOLDER: &str = include_str!("sql/write_holder.sql");
const HOLDER_GONE: &str = include_str!("sql/write_holder_gone.sql");
const NEXT_HOLDER: &str = include_str!("sql/write_holder_next.sql");
const ADD_MORE: &str = include_str!("sql/write_more_holder.sql");
const MORE_GONE: &str = include_str!("sql/write_more_holder_gone.sql");

/// How often keys are taken that are given up by the time they are looked at.
const ROUNDS_MAX: usize = 8;

/// A key and a record that holds it.
pub(crate) type Holder = (Uuid, Uuid);

/// A key as the database has it.
pub(crate) fn hash(key: KeyHash) -> Uuid {
    Uuid::from_bytes(*key.as_bytes())
}

/// Claims keys, which must ascend, each for the record beside it. Gives those that are now held by it, ascending; the
/// others are held by somebody else. Waits for those who are claiming the same keys right now.
pub(crate) async fn claim(
    transaction: &mut Transaction,
    team_no: i64,
    hashes: &[Uuid],
    records: &[Uuid],
) -> Outcome<Vec<Uuid>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let parameters = [(&team_no as _, Type::INT8), (&hashes as _, Type::UUID_ARRAY), (&records as _, Type::UUID_ARRAY)];
    let rows = transaction.query(CLAIM, &parameters).await?;
    let mut claimed = rows.iter().map(|row| column(row, "hash")).collect::<Outcome<Vec<Uuid>>>()?;
    claimed.sort_unstable();
    Ok(claimed)
}

/// All holders of these keys, sorted by key and record.
pub(crate) async fn holders(transaction: &mut Transaction, team_no: i64, hashes: &[Uuid]) -> Outcome<Vec<Holder>> {
    read(transaction, HOLDERS, team_no, hashes).await
}

/// Carries out what a plan says of keys.
pub(crate) async fn change(
    transaction: &mut Transaction,
    team_no: i64,
    moved: &[MovedClaim],
    changes: &[KeyChange],
) -> Outcome<()> {
    move_claims(transaction, team_no, moved).await?;
    // What holds in the end is all that counts: for each key and record the last change.
    let mut last: BTreeMap<Holder, bool> = BTreeMap::new();
    for change in changes {
        last.insert((hash(change.key), change.record.0), change.held);
    }
    let of = |held: bool| last.iter().filter(move |(_, is_held)| **is_held == held).map(|(holder, _)| *holder);
    take(transaction, team_no, of(true).collect()).await?;
    give_up(transaction, team_no, &of(false).collect::<Vec<_>>()).await
}

/// Moves claims of this very transaction, whose rows are therefore its own.
async fn move_claims(transaction: &mut Transaction, team_no: i64, moved: &[MovedClaim]) -> Outcome<()> {
    let mut elsewhere: Vec<Holder> = Vec::new();
    let mut nowhere: Vec<Uuid> = Vec::new();
    for claim in moved {
        match claim.holder {
            Some(RecordId(record)) => elsewhere.push((hash(claim.key), record)),
            None => nowhere.push(hash(claim.key)),
        }
    }
    execute(transaction, SET_HOLDER, team_no, &elsewhere).await?;
    if !nowhere.is_empty() {
        transaction.execute(HOLDER_GONE, &[(&team_no, Type::INT8), (&nowhere, Type::UUID_ARRAY)]).await?;
    }
    Ok(())
}

/// Lets records hold keys, beside those that hold them. Holding one already changes nothing. `wanted` ascends.
pub(crate) async fn take(transaction: &mut Transaction, team_no: i64, mut wanted: Vec<Holder>) -> Outcome<()> {
    for _ in 0..ROUNDS_MAX {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut firsts = wanted.clone();
        firsts.dedup_by_key(|holder| holder.0);
        let (hashes, records): (Vec<Uuid>, Vec<Uuid>) = firsts.iter().copied().unzip();
        let claimed = claim(transaction, team_no, &hashes, &records).await?;
        if claimed.len() == wanted.len() {
            return Ok(());
        }
        firsts.retain(|(key, _)| claimed.binary_search(key).is_ok());
        wanted.retain(|holder| firsts.binary_search(holder).is_err());
        let keys = keys_of(&wanted);
        let locked: BTreeMap<Uuid, Uuid> = read(transaction, LOCK, team_no, &keys).await?.into_iter().collect();
        let beside = |(key, record): &Holder| locked.get(key).is_some_and(|first| first != record);
        let further: Vec<Holder> = wanted.iter().copied().filter(beside).collect();
        execute(transaction, ADD_MORE, team_no, &further).await?;
        // A key whose row is gone was given up meanwhile: nobody holds it now.
        wanted.retain(|(key, _)| !locked.contains_key(key));
    }
    Err(Failure::conflict("keys came and went"))
}

/// Lets records hold keys no longer; a first holder is followed by the next. Giving up a key that is not held changes
/// nothing. `given_up` ascends.
pub(crate) async fn give_up(transaction: &mut Transaction, team_no: i64, given_up: &[Holder]) -> Outcome<()> {
    if given_up.is_empty() {
        return Ok(());
    }
    read(transaction, LOCK, team_no, &keys_of(given_up)).await?;
    execute(transaction, MORE_GONE, team_no, given_up).await?;
    execute(transaction, NEXT_HOLDER, team_no, given_up).await
}

async fn read(transaction: &mut Transaction, sql: &str, team_no: i64, hashes: &[Uuid]) -> Outcome<Vec<Holder>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(sql, &[(&team_no, Type::INT8), (&hashes, Type::UUID_ARRAY)]).await?;
    let holder = |row: &tokio_postgres::Row| Ok((column(row, "hash")?, column(row, "record_id")?));
    let mut found = rows.iter().map(holder).collect::<Outcome<Vec<Holder>>>()?;
    found.sort_unstable();
    Ok(found)
}

async fn execute(transaction: &mut Transaction, sql: &str, team_no: i64, pairs: &[Holder]) -> Outcome<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let (hashes, records): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
    let parameters = [(&team_no as _, Type::INT8), (&hashes as _, Type::UUID_ARRAY), (&records as _, Type::UUID_ARRAY)];
    transaction.execute(sql, &parameters).await?;
    Ok(())
}

fn keys_of(holders: &[Holder]) -> Vec<Uuid> {
    let keys: BTreeSet<Uuid> = holders.iter().map(|(key, _)| *key).collect();
    keys.into_iter().collect()
}
