//! What a dry run says of a row beyond its outcome: how the record would change, and by what the row is known again when
//! the dry run is applied.
//!
//! Owns the print of what a row would do, and the form in which stores keep forecasts beside outcomes. It must stay
//! readable for as long as jobs are kept, whatever version of the program wrote it.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::outcome::{Outcome, decode_optional, decode_text, decode_u32, encode_optional, encode_text, take};
use crate::ids::RecordIdSpace;
use crate::json::members;
use crate::value::excerpt;

/// The longest raw value that a change shows whole; what is longer is shown as a shortened text.
const VALUE_BYTES_MAX: usize = 1_000;

/// What a dry run says of one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forecast {
    /// What the row would do to what it would find. Two rows of one print do the same.
    pub print: u64,
    /// How the record that it met would change, its own values first; nothing of a row that would make one.
    pub changes: Vec<FieldChange>,
}

/// A value that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Where, as faults name it: `default.email`, `list.app_stage`; `deleted` of a record that would come back.
    pub field: String,
    /// The value before, raw; `None` where there was none.
    pub before: Option<Box<str>>,
    /// The value after, raw; `None` where it would be cleared.
    pub after: Option<Box<str>>,
}

/// What a row must come to when the dry run that foresaw it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its outcome, with the ids that the job gives which applies it.
    pub outcome: Outcome,
    /// Its print.
    pub print: u64,
}

impl Expected {
    /// What a dry run said of a row, for a job with ids of its own: records that neither has made yet go by their row.
    #[must_use]
    pub fn of(outcome: Outcome, print: u64, dry_run: (&RecordIdSpace, u32), own: &RecordIdSpace) -> Self {
        let (ids, total) = dry_run;
        let translated = |id| ids.row_of(id).filter(|row| *row < total).map_or(id, |row| own.record_id(row));
        let outcome = match outcome {
            Outcome::Existing(id) => Outcome::Existing(translated(id)),
            Outcome::Updated(id) => Outcome::Updated(translated(id)),
            other @ (Outcome::Created { .. } | Outcome::Skipped(_) | Outcome::Rejected(_)) => other,
        };
        Self { outcome, print }
    }
}

/// The print of bodies, each of which may not be there. The order of the members of a body does not count: it depends on
/// how an import is cut.
pub(super) fn print_of(bodies: &[Option<&str>]) -> u64 {
    let mut whole = SipHasher13::new();
    for body in bodies {
        whole.write_u8(u8::from(body.is_some()));
        let of_members = members(body.unwrap_or("{}")).map(|(slug, raw)| {
            let mut member = SipHasher13::new();
            member.write_u64(slug.len() as u64);
            member.write(slug.as_bytes());
            member.write(raw.as_bytes());
            member.finish()
        });
        whole.write_u64(of_members.fold(0, u64::wrapping_add));
    }
    whole.finish()
}

/// How a body becomes another, in the order of the one after; what is cleared comes last. `group` goes before the slugs.
pub(super) fn changes_between<'a>(
    group: &'a str,
    before: &'a str,
    after: &'a str,
) -> impl Iterator<Item = FieldChange> + 'a {
    let find = |body: &'a str, wanted: &str| members(body).find_map(|(slug, raw)| (slug == wanted).then_some(raw));
    let change = move |slug: &str, before: Option<&str>, after: Option<&str>| FieldChange {
        field: format!("{group}.{slug}"),
        before: before.map(shown),
        after: after.map(shown),
    };
    let written = members(after).filter_map(move |(slug, raw)| {
        let was = find(before, &slug);
        (was != Some(raw)).then(|| change(&slug, was, Some(raw)))
    });
    let cleared = members(before)
        .filter_map(move |(slug, raw)| find(after, &slug).is_none().then(|| change(&slug, Some(raw), None)));
    written.chain(cleared)
}

/// How a deleted record changes that comes back.
pub(super) fn coming_back() -> FieldChange {
    FieldChange { field: "deleted".to_owned(), before: Some("true".into()), after: Some("false".into()) }
}

fn shown(raw: &str) -> Box<str> {
    if raw.len() <= VALUE_BYTES_MAX {
        return raw.into();
    }
    let mut text = String::new();
    crate::json::push_text(&mut text, &excerpt(raw));
    text.into()
}

/// Appends the stored form of a forecast.
pub fn encode(forecast: &Forecast, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&forecast.print.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(forecast.changes.len()).unwrap_or(u32::MAX).to_le_bytes());
    for change in &forecast.changes {
        encode_text(&change.field, bytes);
        encode_optional(change.before.as_deref(), bytes);
        encode_optional(change.after.as_deref(), bytes);
    }
}

/// Reads stored forecasts one after the other; `None` when the bytes are not what [`encode`] writes.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<Forecast>> {
    let mut rest = bytes;
    let mut forecasts = Vec::new();
    while !rest.is_empty() {
        let print = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let mut changes = Vec::new();
        for _ in 0..decode_u32(&mut rest)? {
            let (field, before) = (decode_text(&mut rest)?, decode_optional(&mut rest)?);
            changes.push(FieldChange { field, before, after: decode_optional(&mut rest)? });
        }
        forecasts.push(Forecast { print, changes });
    }
    Some(forecasts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::ids::RecordId;

    #[test]
    fn a_print_knows_values_and_not_their_order() {
        let print = |body: &str| print_of(&[Some(body)]);
        assert_eq!(print(r#"{"a":1,"b":"x"}"#), print(r#"{"b":"x","a":1}"#));
        for other in [r#"{"a":1,"b":"y"}"#, r#"{"a":1}"#, r#"{"a":1,"c":"x"}"#, "{}", r#"{"a":"x","b":1}"#] {
            assert_ne!(print(r#"{"a":1,"b":"x"}"#), print(other), "{other}");
        }
        assert_ne!(print_of(&[Some("{}"), None]), print_of(&[None, Some("{}")]));
        // Prints outlive the program that made them.
        assert_eq!(print(r#"{"a":1,"b":"x"}"#), PRINT_OF_VERSION_1);
    }

    const PRINT_OF_VERSION_1: u64 = 15_597_953_018_860_347_452;

    #[test]
    fn changes_name_what_is_set_replaced_and_cleared() {
        let before = r#"{"kept":1,"old":"a","gone":true}"#;
        let after = r#"{"kept":1,"old":"b","new":[2]}"#;
        let told: Vec<_> = changes_between("default", before, after)
            .map(|change| (change.field, change.before.map(String::from), change.after.map(String::from)))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("default.old".to_owned(), text("\"a\""), text("\"b\"")),
                ("default.new".to_owned(), None, text("[2]")),
                ("default.gone".to_owned(), text("true"), None),
            ]
        );
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(5_000));
        let shortened = changes_between("default", "{}", &long).next().and_then(|change| change.after).expect("set");
        assert!(shortened.len() < 200 && shortened.starts_with('"'), "{shortened}");
    }

    #[test]
    fn records_that_nobody_has_made_yet_go_by_their_row() {
        let space = |source: u128| RecordIdSpace { created_ms: 5, first_index: 3, source: Uuid::from_u128(source) };
        let (theirs, own) = (space(1), space(2));
        let expected = |id| Expected::of(Outcome::Updated(id), 7, (&theirs, 10), &own).outcome;
        assert_eq!(expected(theirs.record_id(4)), Outcome::Updated(own.record_id(4)));
        assert_eq!(expected(theirs.record_id(10)), Outcome::Updated(theirs.record_id(10)), "no row of it");
        assert_eq!(expected(RecordId::from_bytes([9; 16])), Outcome::Updated(RecordId::from_bytes([9; 16])));
    }

    proptest! {
        #[test]
        fn forecasts_come_back_as_they_were(
            forecasts in prop::collection::vec(
                (any::<u64>(), prop::collection::vec((".{0,9}", prop::option::of(".{0,9}"), prop::option::of(".{0,9}")), 0..4)),
                0..20,
            ),
        ) {
            let forecasts: Vec<Forecast> = forecasts.into_iter().map(|(print, changes)| Forecast {
                print,
                changes: changes.into_iter().map(|(field, before, after)| FieldChange {
                    field, before: before.map(Into::into), after: after.map(Into::into),
                }).collect(),
            }).collect();
            let mut bytes = Vec::new();
            forecasts.iter().for_each(|forecast| encode(forecast, &mut bytes));
            prop_assert_eq!(decode(&bytes), Some(forecasts));
        }

        #[test]
        fn garbage_is_refused_and_never_panics(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
