//! The figures of a bench: as a table, as JSON, and whether the counts are right.
//!
//! Owns what must be true of the counts. Measures nothing.

use serde_json::{Value, json};

use super::Pair;
use super::import::{Counts, Imported};
use crate::contacts::Contacts;
use crate::figures::median;

const MIB: f64 = 1_048_576.0;

/// All pairs of one bench.
pub(super) struct Report {
    pub(super) contacts: Contacts,
    pub(super) update_existing: bool,
    /// The machine's load when the last pair had ended.
    pub(super) load: String,
    pub(super) pairs: Vec<Pair>,
}

impl Pair {
    fn import_rate(&self) -> Option<f64> {
        let imported = self.imported.as_ref()?;
        Some(self.raw.rows as f64 / imported.elapsed.as_secs_f64())
    }

    /// The import's rate as a share of the raw load's.
    fn ratio(&self) -> Option<f64> {
        Some(self.import_rate()? / self.raw.rows_per_second())
    }
}

impl Report {
    /// Prints the pairs, then the medians.
    pub(super) fn print(&self) {
        let Contacts { rows, repeats_percent, seed } = self.contacts;
        let matched = if self.update_existing { "updated" } else { "skipped" };
        println!("\n{rows} contacts (seed {seed}), {repeats_percent} % repeats, {matched}; {}", self.load);
        println!(
            "{:<7} {:>12} {:>12} {:>7} {:>9} {:>9} {:>10} {:>10} {:>9} {:>10}",
            "pair",
            "raw rows/s",
            "import r/s",
            "ratio",
            "202 s",
            "cpu s",
            "peak MiB",
            "disk MiB",
            "raw cpu s",
            "raw MiB"
        );
        for (index, pair) in self.pairs.iter().enumerate() {
            let imported = pair.imported.as_ref();
            print_line(
                &(index + 1).to_string(),
                [
                    Some(pair.raw.rows_per_second()),
                    pair.import_rate(),
                    pair.ratio(),
                    imported.map(|imported| imported.accepted_after.as_secs_f64()),
                    imported.map(|imported| imported.processor_time.as_secs_f64()),
                    imported.map(|imported| imported.peak_resident_bytes as f64 / MIB),
                    imported.map(|imported| imported.disk_bytes as f64 / MIB),
                    Some(pair.raw.processor_time.as_secs_f64()),
                    Some(pair.raw.disk_bytes as f64 / MIB),
                ],
            );
        }
        print_line(
            "median",
            [
                self.median(|pair| Some(pair.raw.rows_per_second())),
                self.median(Pair::import_rate),
                self.median(Pair::ratio),
                self.median_imported(|imported| imported.accepted_after.as_secs_f64()),
                self.median_imported(|imported| imported.processor_time.as_secs_f64()),
                self.median_imported(|imported| imported.peak_resident_bytes as f64 / MIB),
                self.median_imported(|imported| imported.disk_bytes as f64 / MIB),
                self.median(|pair| Some(pair.raw.processor_time.as_secs_f64())),
                self.median(|pair| Some(pair.raw.disk_bytes as f64 / MIB)),
            ],
        );
    }

    /// The same figures for machines; times in seconds, sizes in bytes.
    pub(super) fn to_json(&self) -> Value {
        let pairs: Vec<Value> = self.pairs.iter().map(pair_json).collect();
        json!({
            "rows": self.contacts.rows,
            "repeats_percent": self.contacts.repeats_percent,
            "seed": self.contacts.seed,
            "update_existing": self.update_existing,
            "machine": self.load,
            "pairs": pairs,
            "median": {
                "raw_rows_per_second": self.median(|pair| Some(pair.raw.rows_per_second())),
                "import_rows_per_second": self.median(Pair::import_rate),
                "ratio": self.median(Pair::ratio),
                "peak_resident_bytes": self.median_imported(|imported| imported.peak_resident_bytes as f64),
                "disk_bytes": self.median_imported(|imported| imported.disk_bytes as f64),
            },
        })
    }

    /// Every count that is not what the rows demand.
    pub(super) fn faults(&self) -> Vec<String> {
        let (rows, records) = (self.contacts.rows, self.contacts.distinct());
        let wanted = Counts {
            total: rows,
            processed: rows,
            succeeded: rows,
            failed: 0,
            created: records,
            existing: rows - records,
            // A repeat differs from the row it matches in more than one value.
            updated: if self.update_existing { rows - records } else { 0 },
            records,
        };
        let mut faults = Vec::new();
        for (index, pair) in self.pairs.iter().enumerate() {
            if pair.raw.created != records {
                faults.push(format!("pair {}: raw load made {} records, not {records}", index + 1, pair.raw.created));
            }
            let counts = pair.imported.as_ref().map(|imported| &imported.counts);
            if let Some(counts) = counts.filter(|counts| **counts != wanted) {
                faults.push(format!("pair {}: import gave {counts:?}, not {wanted:?}", index + 1));
            }
        }
        faults
    }

    fn median(&self, figure: impl Fn(&Pair) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.pairs.iter().filter_map(figure).collect();
        (!values.is_empty()).then(|| median(&values))
    }

    fn median_imported(&self, figure: impl Fn(&Imported) -> f64) -> Option<f64> {
        self.median(|pair| pair.imported.as_ref().map(&figure))
    }
}

fn print_line(name: &str, figures: [Option<f64>; 9]) {
    let shown =
        |figure: Option<f64>, decimals: usize| figure.map_or("–".to_owned(), |value| format!("{value:.decimals$}"));
    let [raw, import, ratio, accepted, processor, peak, disk, raw_processor, raw_disk] = figures;
    println!(
        "{name:<7} {:>12} {:>12} {:>7} {:>9} {:>9} {:>10} {:>10} {:>9} {:>10}",
        shown(raw, 0),
        shown(import, 0),
        shown(ratio, 3),
        shown(accepted, 2),
        shown(processor, 2),
        shown(peak, 1),
        shown(disk, 0),
        shown(raw_processor, 2),
        shown(raw_disk, 0),
    );
}

fn pair_json(pair: &Pair) -> Value {
    json!({
        "raw": {
            "rows_per_second": pair.raw.rows_per_second(),
            "seconds": pair.raw.elapsed.as_secs_f64(),
            "processor_seconds": pair.raw.processor_time.as_secs_f64(),
            "disk_bytes": pair.raw.disk_bytes,
        },
        "import": pair.imported.as_ref().map(|imported| json!({
            "rows_per_second": pair.import_rate(),
            "seconds": imported.elapsed.as_secs_f64(),
            "accepted_after_seconds": imported.accepted_after.as_secs_f64(),
            "processor_seconds": imported.processor_time.as_secs_f64(),
            "peak_resident_bytes": imported.peak_resident_bytes,
            "disk_bytes": imported.disk_bytes,
        })),
        "ratio": pair.ratio(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::raw_load::RawLoaded;

    fn report(created: u64, failed: u64) -> Report {
        let contacts = Contacts { rows: 1_000, repeats_percent: 0, seed: 1 };
        let raw = RawLoaded {
            rows: 1_000,
            created: 1_000,
            elapsed: Duration::from_secs(1),
            processor_time: Duration::ZERO,
            disk_bytes: 0,
        };
        let succeeded = 1_000 - failed;
        let counts = Counts {
            total: 1_000,
            processed: 1_000,
            succeeded,
            failed,
            created,
            existing: 0,
            updated: 0,
            records: created,
        };
        let imported = Imported {
            accepted_after: Duration::from_secs(1),
            elapsed: Duration::from_secs(2),
            processor_time: Duration::ZERO,
            peak_resident_bytes: 0,
            disk_bytes: 0,
            counts,
        };
        let pairs = vec![Pair { raw, imported: Some(imported) }];
        Report { contacts, update_existing: false, load: String::new(), pairs }
    }

    #[test]
    fn half_the_speed_is_a_ratio_of_a_half() {
        let figures = report(1_000, 0).to_json();
        assert_eq!(figures["median"]["ratio"], json!(0.5));
        assert_eq!(figures["pairs"][0]["import"]["rows_per_second"], json!(500.0));
    }

    #[test]
    fn any_wrong_count_is_a_fault() {
        assert_eq!(report(1_000, 0).faults(), Vec::<String>::new());
        assert_eq!(report(999, 0).faults().len(), 1);
        assert!(report(1_000, 1).faults()[0].starts_with("pair 1: import gave Counts"));
    }
}
