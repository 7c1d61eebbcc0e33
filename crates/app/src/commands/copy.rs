//! `refract copy`: moves a folder's store into a database.
//!
//! Owns the order: read and write page by page, then read both sides once more and compare, and only then let servers
//! use the database. What a store is made of is `refract_store::transfer`'s; how each side keeps it, the stores'.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refract_store::StoreError;
use refract_store::transfer::{Checksum, Kind, Page, Position};
use refract_store_postgres::{Beginning, Import, PostgresSettings, Refusal};
use refract_store_sqlite::Export;
use tokio::sync::mpsc;

use super::copy_report::{Compared, show};
use crate::backend;
use crate::cli::CopyArguments;
use crate::config::BackendSettings;
use crate::exit::{Exit, Failure};
use crate::progress::Progress;

/// Pages that are read ahead of what is being written.
const PAGES_AHEAD: usize = 2;

/// Bytes of a page, at most, but for its last row: large enough to be written in bulk, small enough that a few of them
/// are nothing.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// Both sides, and how they are worked on.
struct Copying {
    folder: PathBuf,
    database: BackendSettings,
    batch_rows: usize,
    progress: Progress,
}

/// Moves everything; a second run goes on where the first was cut off.
pub(super) fn run(arguments: CopyArguments) -> Result<Exit, Failure> {
    let CopyArguments { from, to, database_root_certificates, batch_rows, output, quiet } = arguments;
    let database = BackendSettings::named_database(&to, database_root_certificates)
        .map_err(|problem| Failure::usage(format!("--to: {problem}")))?;
    let progress = Progress::new(quiet);
    let copying = Copying { folder: from, database, batch_rows: batch_rows as usize, progress };
    let compared = super::runtime()?.block_on(copying.run());
    copying.progress.finish();
    show(&copying.folder, &copying.database, &compared?, output)
}

impl Copying {
    async fn run(&self) -> Result<Vec<Compared>, Failure> {
        let BackendSettings::Database { store: settings, .. } = &self.database else {
            return Err(Failure::usage("--to names a database"));
        };
        let folder = self.folder.clone();
        let export = backend::blocking(move || Export::open(&folder)).await?;
        let export = export.map_err(|error| self.folder_failed(&error))?;
        let mut import = self.begin(settings, export.secret()).await?;
        let total = Kind::ALL.into_iter().map(|kind| export.rows(kind)).sum::<Result<u64, _>>();
        let total = total.map_err(|error| self.folder_failed(&error))?;

        self.progress.copying(total);
        let places = Kind::ALL.map(|kind| (kind, import.progress(kind)));
        self.progress.advance(places.iter().map(|(_, place)| place.rows).sum());
        let places = places.into_iter().filter_map(|(kind, place)| Some((kind, place.next?))).collect();
        let (export, mut pages) = self.read(export, places);
        while let Some(page) = pages.recv().await {
            let (kind, page) = page.map_err(|error| self.folder_failed(&error))?;
            let rows = page.rows.len();
            import.write(kind, page).await.map_err(|error| self.database_failed(&error))?;
            self.progress.advance(rows as u64);
        }
        let export = export.await.map_err(Failure::other)?;

        self.progress.comparing(total);
        let import = Arc::new(import);
        let compared = self.compare(export, &import).await?;
        if compared.iter().all(Compared::is_same) {
            import.finish().await.map_err(|error| self.database_failed(&error))?;
        }
        Ok(compared)
    }

    async fn begin(&self, settings: &PostgresSettings, secret: [u8; 16]) -> Result<Import, Failure> {
        let begun = Import::begin(settings, secret).await.map_err(|error| backend::refusal(&self.database, &error))?;
        match begun {
            Beginning::Fresh(import) => Ok(import),
            Beginning::Resumed(import) => {
                self.progress.note("an earlier copy of this store goes on where it ended");
                Ok(import)
            }
            Beginning::Refused(refusal) => Err(self.refused(refusal)),
        }
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        let database = &self.database;
        Failure::other(match refusal {
            Refusal::NotEmpty(teams) => format!(
                "the database {database} is not empty: it holds {teams} {}\n\
                 make a new one for the copy: createdb --owner USER NAME",
                if teams == 1 { "team" } else { "teams" }
            ),
            Refusal::OtherSource => format!(
                "the database {database} is being filled from another store\n\
                 --from must name that one; for this one make a new database: createdb --owner USER NAME"
            ),
            Refusal::InUse(connections) => format!(
                "the database {database} is in use: servers have {connections} connections to it\n\
                 stop them first; they would go on with a secret that the copy replaces"
            ),
        })
    }

    /// Reads the pages from these places on, in a thread of its own that gives the store back in the end.
    fn read(&self, export: Export, places: Vec<(Kind, Position)>) -> (tokio::task::JoinHandle<Export>, Pages) {
        let (sender, pages) = mpsc::channel(PAGES_AHEAD);
        let rows_max = self.batch_rows;
        let reading = tokio::task::spawn_blocking(move || {
            for (kind, from) in places {
                let mut next = Some(from);
                while let Some(from) = next {
                    let page = export.page(kind, from, rows_max, PAGE_BYTES_MAX);
                    next = page.as_ref().ok().and_then(|page| page.next);
                    let is_over = page.is_err();
                    // Nobody waits for the rest when the other side has failed.
                    if sender.blocking_send(page.map(|page| (kind, page))).is_err() || is_over {
                        return export;
                    }
                }
            }
            export
        });
        (reading, pages)
    }

    /// Reads everything once more, both sides at the same time.
    async fn compare(&self, export: Export, import: &Arc<Import>) -> Result<Vec<Compared>, Failure> {
        let there = tokio::spawn(checksums_of_database(Arc::clone(import)));
        let (_reading, mut pages) = self.read(export, Kind::ALL.map(|kind| (kind, Position::START)).into());
        let mut here = Kind::ALL.map(|_| Checksum::default());
        let mut keys = Checksum::default();
        while let Some(page) = pages.recv().await {
            let (kind, Page { rows, .. }) = page.map_err(|error| self.folder_failed(&error))?;
            let place = Kind::ALL.iter().position(|known| *known == kind);
            if let Some(checksum) = place.and_then(|place| here.get_mut(place)) {
                rows.iter().for_each(|row| checksum.add(row));
            }
            self.progress.advance(rows.len() as u64);
            if kind == Kind::Record {
                keys.merge(import.keys_of(rows).await.map_err(|error| self.database_failed(&error))?);
            }
        }
        let there = there.await.map_err(Failure::other)?.map_err(|error| self.database_failed(&error))?;
        let names = Kind::ALL.iter().map(|kind| kind.name()).chain(["dedupe keys"]);
        let here = here.into_iter().chain([keys]);
        Ok(names.zip(here).zip(there).map(|((name, folder), database)| Compared { name, folder, database }).collect())
    }

    fn folder_failed(&self, error: &StoreError) -> Failure {
        folder_failed(&self.folder, error)
    }

    fn database_failed(&self, error: &StoreError) -> Failure {
        let Failure { exit, message } = backend::refusal(&self.database, error);
        Failure { exit, message: format!("{message}\nrun the same command again: it goes on where it ended") }
    }
}

/// What a reader gives: pages of kinds, one after the other.
type Pages = mpsc::Receiver<Result<(Kind, Page), StoreError>>;

/// Of all kinds, and then of the dedupe keys.
async fn checksums_of_database(import: Arc<Import>) -> Result<Vec<Checksum>, StoreError> {
    let mut checksums = Vec::new();
    for kind in Kind::ALL {
        checksums.push(import.checksum(kind).await?);
    }
    checksums.push(import.checksum_of_keys().await?);
    Ok(checksums)
}

fn folder_failed(folder: &Path, error: &StoreError) -> Failure {
    let text = error.to_string();
    let remedy = if text.contains("is in use by") {
        "\nstop the server there first: a store is copied while nobody works on it"
    } else if text.contains("there is no store") {
        "\n--from names the folder that `refract serve --data-dir` was given"
    } else {
        ""
    };
    Failure::other(format!("the store in {}: {text}{remedy}", folder.display()))
}
