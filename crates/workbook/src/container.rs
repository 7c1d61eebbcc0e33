//! The archive that a workbook is.
//!
//! Owns everything that zip files do to their readers: too many entries, overlaps, paths that lead out, sizes that lie, check
//! sums, encryption, and how much may be unpacked in all. Nothing is ever written to the disk. Must not know what the parts
//! hold.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::error::{Code, WorkbookError};
use crate::settings::Limits;

/// A part may expand without bounds up to here: small parts of ordinary files do.
const EXPANSION_FREE_BYTES: u64 = 16 * 1024 * 1024;

/// An archive whose directory is sound.
pub(crate) struct Container {
    archive: ZipArchive<BufReader<File>>,
    /// Places of the parts by their names, in lower case: writers do not agree with themselves about case.
    parts: HashMap<String, usize>,
    limits: Limits,
    decoded: Rc<Cell<u64>>,
}

impl Container {
    /// Reads the directory of the archive and checks all that can be checked without unpacking.
    pub(crate) fn open(file: File, limits: &Limits) -> Result<Self, WorkbookError> {
        let damaged = |problem: zip::result::ZipError| {
            WorkbookError::invalid(format!("the workbook is a damaged ZIP archive: {problem}"))
        };
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        if archive.len() > limits.entries_max {
            let message = format!("the workbook has {} parts, {} are allowed", archive.len(), limits.entries_max);
            return Err(WorkbookError::invalid(message));
        }
        // The parts by name do not show what is there twice.
        if archive.has_duplicate_names() {
            return Err(WorkbookError::invalid("the workbook has two parts of one name"));
        }
        let mut parts = HashMap::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive.by_index_data(index).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.replace('\\', "/");
            if entry.is_symlink() || leads_out(&name) {
                let message =
                    format!("the workbook has a part with a name that leads out of it: '{}'", name.escape_default());
                return Err(WorkbookError::invalid(message));
            }
            if parts.insert(name.to_lowercase(), index).is_some() {
                return Err(WorkbookError::invalid("the workbook has two parts of one name"));
            }
        }
        if archive.has_overlapping_entries().map_err(damaged)? {
            return Err(WorkbookError::invalid("parts of the workbook overlap in the ZIP archive"));
        }
        Ok(Self { archive, parts, limits: limits.clone(), decoded: Rc::default() })
    }

    /// Whether there is a part of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_lowercase())
    }

    /// Names of the parts, in lower case and no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// A part, to be unpacked while it is read; `None` if there is none of this name.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Part<'_>>, WorkbookError> {
        let Some(index) = self.parts.get(&name.to_lowercase()).copied() else {
            return Ok(None);
        };
        let decoded_bytes_max = self.limits.decoded_bytes_max;
        let file = self.archive.by_index(index).map_err(|problem| {
            WorkbookError::invalid(format!("'{name}' in the workbook cannot be unpacked: {problem}"))
        })?;
        let (packed, declared) = (file.compressed_size(), file.size());
        let expanded = packed.saturating_mul(self.limits.expansion_max).max(EXPANSION_FREE_BYTES);
        let meter = Meter { decoded: Rc::clone(&self.decoded), decoded_bytes_max, expanded, declared, taken: 0 };
        // A size that is honest about being too large needs no unpacking.
        meter.check(declared).map_err(|failure| WorkbookError::of_read(name, &failure))?;
        Ok(Some(Part { file, meter }))
    }
}

/// A part that is being unpacked.
pub(crate) struct Part<'a> {
    file: ZipFile<'a, BufReader<File>>,
    meter: Meter,
}

impl Part<'_> {
    /// Bytes that it says to unpack to; reading finds out whether that is so.
    pub(crate) fn declared_bytes(&self) -> u64 {
        self.meter.declared
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            return self.meter.end().map(|()| 0);
        }
        self.meter.take(count as u64)?;
        Ok(count)
    }
}

/// Counts what is unpacked.
struct Meter {
    decoded: Rc<Cell<u64>>,
    decoded_bytes_max: u64,
    expanded: u64,
    declared: u64,
    taken: u64,
}

impl Meter {
    /// Whether a part of `bytes` would still be within the limits.
    fn check(&self, bytes: u64) -> io::Result<()> {
        let allowed = self.decoded_bytes_max.saturating_sub(self.decoded.get());
        if bytes > allowed || bytes > self.expanded {
            let message =
                format!("the workbook unpacks to more than is allowed ({} bytes)", allowed.min(self.expanded));
            return Err(WorkbookError::new(Code::PayloadTooLarge, message).into_io());
        }
        Ok(())
    }

    fn take(&mut self, count: u64) -> io::Result<()> {
        self.taken += count;
        self.check(self.taken)?;
        if self.taken > self.declared {
            return Err(WorkbookError::invalid("a part of the workbook is larger than the ZIP archive says").into_io());
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        if self.taken < self.declared {
            return Err(WorkbookError::invalid("a part of the workbook is smaller than the ZIP archive says").into_io());
        }
        Ok(())
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.decoded.set(self.decoded.get() + self.taken);
    }
}

/// Whether a part's name would lead out of a folder into which the archive were unpacked. Nobody does that here; an archive
/// that tries is not a workbook.
fn leads_out(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with('/') || drive || name.contains('\0') || name.split('/').any(|step| step == "..")
}
