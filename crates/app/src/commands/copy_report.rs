//! What came of a copy: both sides beside each other, and what to do next.

use std::path::Path;

use refract_store::transfer::Checksum;
use serde_json::json;

use crate::config::BackendSettings;
use crate::exit::{Exit, Failure};
use crate::output::{self, OutputFormat};

/// One kind of rows on both sides.
pub(super) struct Compared {
    /// What people call it.
    pub(super) name: &'static str,
    /// In the folder.
    pub(super) folder: Checksum,
    /// In the database.
    pub(super) database: Checksum,
}

impl Compared {
    /// Whether both sides have the same rows.
    pub(super) fn is_same(&self) -> bool {
        self.folder == self.database
    }
}

/// Shows the comparison; a failure when the sides differ.
pub(super) fn show(
    folder: &Path,
    database: &BackendSettings,
    compared: &[Compared],
    output: OutputFormat,
) -> Result<Exit, Failure> {
    let is_same = compared.iter().all(Compared::is_same);
    match output {
        OutputFormat::Json => {
            let kinds: Vec<_> = compared.iter().map(as_json).collect();
            let (from, to) = (folder.display().to_string(), database.to_string());
            output::line(json!({ "from": from, "to": to, "same": is_same, "kinds": kinds }));
        }
        OutputFormat::Text => as_table(compared).iter().for_each(output::line),
    }
    if !is_same {
        return Err(Failure::other(
            "the sides differ: most likely a server worked on the folder between two runs of the copy\n\
             make a new database and copy again: createdb --owner USER NAME",
        ));
    }
    if output == OutputFormat::Text {
        output::line(format_args!(
            "\nEverything is in {database}; {} is as it was.\n\
             Next: refract serve --database-url URL, with the same URL; and never serve from the folder again, \
             or the two part ways.",
            folder.display()
        ));
    }
    Ok(Exit::Success)
}

fn as_json(compared: &Compared) -> serde_json::Value {
    let Compared { name, folder, database } = compared;
    json!({
        "kind": name,
        "rows_from": folder.rows,
        "rows_to": database.rows,
        "checksum_from": format!("{:032x}", folder.sum),
        "checksum_to": format!("{:032x}", database.sum),
    })
}

fn as_table(compared: &[Compared]) -> Vec<String> {
    let mut rows = vec![["", "FOLDER", "DATABASE", "CHECKSUM"].map(str::to_owned).to_vec()];
    for Compared { name, folder, database } in compared {
        let sums = if folder.sum == database.sum {
            format!("{:032x}", folder.sum)
        } else {
            format!("{:032x} is not {:032x}", folder.sum, database.sum)
        };
        rows.push(vec![(*name).to_owned(), output::grouped(folder.rows), output::grouped(database.rows), sums]);
    }
    output::table(&rows)
}
