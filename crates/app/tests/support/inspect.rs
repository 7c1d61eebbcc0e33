//! What a server keeps and uses: records, rows of its tables, staged rows, memory, open files.

use std::collections::BTreeMap;
use std::fs;

use super::server::{Server, Tenant};

/// Every object type that has records.
pub(crate) const OBJECT_TYPES: [&str; 8] =
    ["contact", "organization", "identity", "deal", "action", "document", "event", "engagement"];

/// What a server keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Live records by team and type, as the API counts them.
    pub(crate) records: BTreeMap<(String, &'static str), u64>,
    /// Rows by table.
    pub(crate) tables: BTreeMap<&'static str, u64>,
    /// Imports with staged rows.
    pub(crate) staged: usize,
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
        let tables = server.home().rows_by_table().into_iter().collect();
        Self { records, tables, staged: server.home().staged() }
    }
}

/// What a process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) resident_bytes: u64,
    pub(crate) open_files: usize,
}

/// The most memory that the server's process has had resident; `None` on systems that do not say.
pub(crate) fn peak_resident_bytes(server: &Server) -> Option<u64> {
    kibibytes_of(&fs::read_to_string(server.proc_folder()?.join("status")).ok()?, "VmHWM:").map(|size| size << 10)
}

fn kibibytes_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What the server's process uses; `None` on systems that do not say.
pub(crate) fn usage(server: &Server) -> Option<Usage> {
    let folder = server.proc_folder()?;
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let kibibytes = kibibytes_of(&status, "VmRSS:")?;
    let open_files = fs::read_dir(folder.join("fd")).ok()?.count();
    Some(Usage { resident_bytes: kibibytes << 10, open_files })
}
