//! What a server keeps and uses: records, rows of its tables, staged files, memory, open files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::server::{Server, Tenant};

/// Every object type that has records.
pub(crate) const OBJECT_TYPES: [&str; 8] =
    ["contact", "organization", "identity", "deal", "action", "document", "event", "engagement"];

/// What a request that is refused must leave as it was. Idempotency keys are left out: a keyed request may leave one.
const TABLES: [&str; 10] = [
    "team",
    "api_key",
    "list",
    "property_option",
    "record",
    "record_alias",
    "key_holder",
    "key_holder_more",
    "list_entry",
    "job",
];

/// What a server keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Live records by team and type, as the API counts them.
    pub(crate) records: BTreeMap<(String, &'static str), u64>,
    /// Rows by table.
    pub(crate) tables: BTreeMap<&'static str, u64>,
    /// Files of staged rows.
    pub(crate) staged_files: usize,
}

impl Footprint {
    /// Looks at everything.
    pub(crate) fn of(server: &Server, tenants: &[Tenant]) -> Self {
        let mut records = BTreeMap::new();
        for tenant in tenants {
            let client = server.client(tenant);
            for object_type in OBJECT_TYPES {
                records.insert((tenant.team.clone(), object_type), client.count(object_type));
            }
        }
        Self { records, tables: tables(server.data_dir()), staged_files: staged_files(server.data_dir()) }
    }
}

fn tables(data_dir: &Path) -> BTreeMap<&'static str, u64> {
    let database = open(data_dir);
    TABLES.into_iter().map(|table| (table, rows(&database, table))).collect()
}

/// How many rows one table has.
pub(crate) fn rows_of(data_dir: &Path, table: &str) -> u64 {
    rows(&open(data_dir), table)
}

fn rows(database: &Connection, table: &str) -> u64 {
    let count: i64 = database
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("table {table}: {error}"));
    u64::try_from(count).expect("a count")
}

fn open(data_dir: &Path) -> Connection {
    let database = Connection::open_with_flags(data_dir.join("refract.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the database can be read beside the server");
    database.busy_timeout(std::time::Duration::from_secs(10)).expect("a time-out");
    database
}

/// How many files of staged rows lie in a data directory.
pub(crate) fn staged_files(data_dir: &Path) -> usize {
    fs::read_dir(data_dir.join("staged")).map_or(0, |entries| entries.filter_map(Result::ok).count())
}

/// What a process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) resident_bytes: u64,
    pub(crate) open_files: usize,
}

/// What the server's process uses; `None` on systems that do not say.
pub(crate) fn usage(server: &Server) -> Option<Usage> {
    let folder = server.proc_folder()?;
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let kibibytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|digits| digits.parse().ok())?;
    let open_files = fs::read_dir(folder.join("fd")).ok()?.count();
    Some(Usage { resident_bytes: kibibytes << 10, open_files })
}
