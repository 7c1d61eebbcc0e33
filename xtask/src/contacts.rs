//! The seeded contacts that every measurement uses.
//!
//! Owns what a generated contact looks like and which rows repeat an earlier e-mail. Each row is a pure function of
//! (seed, row index), so the raw load and the server are given the same rows without sharing memory, and the number
//! of records that must exist afterwards is known. Must not know who reads the rows.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

const FIRST_NAMES: [&str; 24] = [
    "Amelia", "Noah", "Ingrid", "Mateo", "Aisha", "Jonas", "Yuki", "Priya", "Tomasz", "Chloe", "Zoë", "Kwame", "Elif",
    "Henrik", "Sofia", "Lucas", "Marta", "Dmitri", "Hannah", "Rafael", "Linh", "Oskar", "Fatima", "René",
];
const LAST_NAMES: [&str; 24] = [
    "Hernandez",
    "Lindqvist",
    "Okafor",
    "Müller",
    "Tanaka",
    "Novak",
    "Silva",
    "Kowalska",
    "Rossi",
    "Nguyen",
    "Sharma",
    "Petrov",
    "Dubois",
    "Fischer",
    "Andersen",
    "Mensah",
    "Yilmaz",
    "Costa",
    "Keller",
    "Varga",
    "Haddad",
    "Jensen",
    "Brandt",
    "Moreau",
];
const TITLES: [&str; 12] = [
    "Senior Account Manager",
    "Head of Procurement",
    "Data Engineer",
    "Chief Financial Officer",
    "Product Designer",
    "Regional Sales Director",
    "Research Associate",
    "Operations Lead",
    "Customer Success Manager",
    "Legal Counsel",
    "Plant Supervisor",
    "Marketing Coordinator",
];
const PLACES: [(&str, &str); 14] = [
    ("Rotterdam", "Netherlands"),
    ("São Paulo", "Brazil"),
    ("Zürich", "Switzerland"),
    ("Osaka", "Japan"),
    ("Toronto", "Canada"),
    ("Nairobi", "Kenya"),
    ("Gdańsk", "Poland"),
    ("Lyon", "France"),
    ("Austin", "United States"),
    ("Porto", "Portugal"),
    ("Leipzig", "Germany"),
    ("Izmir", "Turkey"),
    ("Hanoi", "Vietnam"),
    ("Bergen", "Norway"),
];
const DOMAINS: [&str; 10] = [
    "northwind-labs.example",
    "harbourline.example",
    "contoso-foods.example",
    "brightwater.example",
    "fjordtech.example",
    "alder-and-sons.example",
    "meridian-freight.example",
    "papermill.example",
    "solstice-energy.example",
    "quarry-stone.example",
];
const MET_AT: [&str; 8] = [
    "Met at the spring trade fair",
    "Came in through the website form",
    "Referred by a former colleague",
    "Spoke on the logistics panel",
    "Asked for a quote by telephone",
    "Signed up for the newsletter",
    "Visited the stand on the second day",
    "Was cc'd on the renewal thread",
];
const WANTED: [&str; 8] = [
    "wants a call back after the summer holidays",
    "asked for the \"enterprise\" price list",
    "is comparing three suppliers",
    "needs an answer before the budget closes",
    "prefers to be written to in the mornings",
    "would like a second demonstration",
    "decides together with the works council",
    "has a framework contract until next year",
];

/// One generated contact: the e-mail that is its dedupe key, and its properties as the text of a JSON object.
pub(crate) struct Contact {
    /// Value of the property `email`, unescaped.
    pub(crate) email: String,
    /// A JSON object, the value of a row's `default`.
    pub(crate) properties: String,
}

/// A reproducible set of contacts of about 380 bytes a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contacts {
    /// Rows in the set.
    pub(crate) rows: u64,
    /// How many rows in a hundred carry the e-mail of an earlier row (0 to 99).
    pub(crate) repeats_percent: u64,
    /// Same seed, same rows.
    pub(crate) seed: u64,
}

impl Contacts {
    /// The contact at `row` (zero-based).
    pub(crate) fn contact(&self, row: u64) -> Contact {
        let email = email_of(self.seed, self.holder_of(row));
        let properties = properties_of(self.seed, row, &email);
        Contact { email, properties }
    }

    /// How many different e-mails the set has, which is the number of records it makes in an empty store.
    pub(crate) fn distinct(&self) -> u64 {
        (0..self.rows).filter(|row| !self.repeats(*row)).count() as u64
    }

    /// The row whose e-mail `row` carries: itself, or an earlier one drawn evenly from those that are no repeat.
    fn holder_of(&self, row: u64) -> u64 {
        if !self.repeats(row) {
            return row;
        }
        let mut dice = Dice::new(self.seed ^ 0x5eed_0002, row);
        loop {
            let candidate = dice.below(row);
            if !self.repeats(candidate) {
                return candidate;
            }
        }
    }

    /// Row 0 never repeats, so there is always a holder to draw.
    fn repeats(&self, row: u64) -> bool {
        row > 0 && Dice::new(self.seed ^ 0x5eed_0001, row).below(100) < self.repeats_percent
    }

    /// Writes the set as the body of an import with `dedupe_by: email` and returns the bytes written. The file appears
    /// under its name only when it is complete.
    pub(crate) fn write_import_body(&self, path: &Path, update_existing: bool) -> io::Result<u64> {
        let unfinished = path.with_extension("part");
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
        file.write_all(b"{\"objects\":[")?;
        for row in 0..self.rows {
            let separator = if row == 0 { "\n" } else { ",\n" };
            write!(file, "{separator}{{\"default\":{}}}", self.contact(row).properties)?;
        }
        let update = if update_existing { ",\"update_existing\":true" } else { "" };
        write!(file, "\n],\"options\":{{\"dedupe_by\":\"email\"{update}}}}}")?;
        file.flush()?;
        std::fs::rename(&unfinished, path)?;
        Ok(std::fs::metadata(path)?.len())
    }
}

/// The e-mail that belongs to row `holder`; the row number makes it unique.
fn email_of(seed: u64, holder: u64) -> String {
    let mut dice = Dice::new(seed, holder);
    let first = ascii_lower(dice.pick(&FIRST_NAMES));
    let last = ascii_lower(dice.pick(&LAST_NAMES));
    format!("{first}.{last}.{holder}@{}", dice.pick(&DOMAINS))
}

fn properties_of(seed: u64, row: u64, email: &str) -> String {
    let mut dice = Dice::new(seed, row);
    let first = dice.pick(&FIRST_NAMES);
    let last = dice.pick(&LAST_NAMES);
    let (city, country) = dice.pick(&PLACES);
    let title = dice.pick(&TITLES);
    let description = format!("{}; {}.", dice.pick(&MET_AT), dice.pick(&WANTED)).replace('"', "\\\"");
    let handle = format!("{}-{}-{row}", ascii_lower(first), ascii_lower(last));
    let mut text = String::with_capacity(400);
    // Writing into a String cannot fail.
    let _ = write!(
        text,
        "{{\"email\":\"{email}\",\"full_name\":\"{first} {last}\",\"first_name\":\"{first}\",\
         \"last_name\":\"{last}\",\"title\":\"{title}\",\"city\":\"{city}\",\"country\":\"{country}\",\
         \"description\":\"{description}\",\"linkedin\":\"https://www.linkedin.example/in/{handle}\",\
         \"github\":\"{handle}\"}}"
    );
    text
}

/// Lower-case ASCII letters of a name, so that it can stand in an address.
fn ascii_lower(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// SplitMix64, started anew for each row. A generator of our own keeps the rows the same whatever a library does.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, row: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ row);
        let mixed = dice.roll();
        Self(mixed ^ seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(limit)) >> 64) as u64
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SMALL: Contacts = Contacts { rows: 5_000, repeats_percent: 20, seed: 7 };

    #[test]
    fn the_body_is_valid_json_with_as_many_distinct_emails_as_promised() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("body.json");
        let written_bytes = SMALL.write_import_body(&path, true).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written_bytes, text.len() as u64);
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["options"], serde_json::json!({"dedupe_by": "email", "update_existing": true}));
        let rows = body["objects"].as_array().unwrap();
        assert_eq!(rows.len(), 5_000);
        let emails: HashSet<&str> = rows.iter().map(|row| row["default"]["email"].as_str().unwrap()).collect();
        assert_eq!(emails.len() as u64, SMALL.distinct());
        assert!((3_800..4_200).contains(&emails.len()), "about a fifth repeats, got {}", emails.len());
    }

    #[test]
    fn a_repeat_carries_an_earlier_email_and_other_values() {
        let mut seen = HashSet::new();
        for row in 0..SMALL.rows {
            let contact = SMALL.contact(row);
            assert_eq!(seen.insert(contact.email.clone()), !SMALL.repeats(row), "row {row}");
            assert!(contact.properties.contains(&contact.email));
            assert!(contact.properties.contains(&format!("-{row}\"")), "the handle is the row's own");
        }
    }

    #[test]
    fn rows_are_about_380_bytes_and_the_same_every_time() {
        let set = Contacts { rows: 2_000_000, repeats_percent: 0, seed: 1 };
        let bytes: usize = (1_000_000..1_002_000).map(|row| set.contact(row).properties.len() + 12).sum();
        let average = bytes / 2_000;
        assert!((370..=390).contains(&average), "average row is {average} bytes");
        assert_eq!(set.contact(3).properties, set.contact(3).properties);
        assert_ne!(set.contact(3).properties, Contacts { seed: 2, ..set }.contact(3).properties);
    }
}
