//! The entry point for fuzzing: takes any bytes, and panics if the splitter breaks a promise.
//!
//! The promises: the verdict, the rows and the options do not depend on how the body is cut; and the splitter takes
//! exactly the bodies another JSON parser takes, with the same rows, its own rules aside.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::splitter::{Envelope, JsonFault, SplitError, SplitLimits, Splitter};

/// Limits no small input meets.
const GENEROUS: SplitLimits =
    SplitLimits { rows_max: u64::MAX, row_bytes_max: usize::MAX, options_bytes_max: usize::MAX };

/// Limits small inputs meet easily.
const TIGHT: SplitLimits = SplitLimits { rows_max: 3, row_bytes_max: 24, options_bytes_max: 24 };

/// The rows that came out, and how the body ended.
type Outcome = (Vec<Vec<u8>>, Result<Envelope, SplitError>);

/// Splits `data` in many ways and compares.
///
/// # Panics
/// When a promise is broken; that is its purpose.
pub fn split(data: &[u8]) {
    for limits in [GENEROUS, TIGHT] {
        let whole = split_in_pieces(data, limits, |_| usize::MAX);
        assert_same(&whole, &split_in_pieces(data, limits, |_| 1), "cut after every byte");
        let mut seed = data.iter().fold(data.len() as u64, |hash, &byte| mix(hash ^ u64::from(byte)));
        let mut next_piece_length = |_| {
            seed = mix(seed);
            (seed % 23) as usize
        };
        assert_same(&whole, &split_in_pieces(data, limits, &mut next_piece_length), "cut at random");
        if limits == GENEROUS {
            compare_with_reference(data, &whole);
        }
    }
}

/// Splits `data`, the length of each piece given by a function of the position.
fn split_in_pieces(data: &[u8], limits: SplitLimits, mut piece_length: impl FnMut(usize) -> usize) -> Outcome {
    let mut rows: Vec<Vec<u8>> = Vec::new();
    let mut splitter = Splitter::new(limits);
    let mut at = 0;
    while at < data.len() {
        let end = at.saturating_add(piece_length(at)).min(data.len());
        let piece = data.get(at..end).unwrap_or_default();
        if let Err(error) = splitter.push(piece, &mut |row: &[u8]| rows.push(row.to_vec())) {
            assert_eq!(splitter.push(b"]}", &mut |_: &[u8]| ()), Err(error.clone()), "an error must stay");
            return (rows, Err(error));
        }
        at = end;
    }
    let envelope = splitter.finish();
    (rows, envelope)
}

fn assert_same(whole: &Outcome, cut: &Outcome, how: &str) {
    assert_eq!(whole, cut, "the outcome differs when {how}");
}

/// The body as serde_json reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference<'a> {
    #[serde(borrow)]
    objects: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    options: Option<&'a RawValue>,
}

/// Keeps `null` apart from an absent name.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn compare_with_reference(data: &[u8], (rows, outcome): &Outcome) {
    // A derived struct may also be read from an array.
    let is_object = data.trim_ascii_start().first() == Some(&b'{');
    let reference: Option<Reference<'_>> = serde_json::from_slice(data).ok().filter(|_| is_object);
    match (outcome, reference) {
        (Ok(envelope), Some(reference)) => {
            let expected: Vec<&[u8]> = reference.objects.iter().map(|row| row.get().as_bytes()).collect();
            assert_eq!(rows, &expected, "the rows differ from the reference");
            assert_eq!(envelope.rows, rows.len() as u64);
            let expected_options = reference.options.map(|options| options.get().as_bytes());
            assert_eq!(envelope.options.as_deref(), expected_options, "the options differ from the reference");
        }
        (Ok(_), None) => panic!("the splitter takes a body the reference refuses"),
        (Err(error), Some(_)) => assert!(own_rule(error), "the splitter refuses a body the reference takes: {error:?}"),
        (Err(_), None) => {}
    }
}

/// Whether a body may be refused for this although it is JSON of the right shape: the rules on the inside of `options`.
fn own_rule(error: &SplitError) -> bool {
    matches!(
        error,
        SplitError::DuplicateKey { .. }
            | SplitError::InvalidJson { fault: JsonFault::TooDeep { .. } | JsonFault::LoneSurrogate, .. }
    )
}

/// A step of SplitMix64: cheap, and good enough to cut and to mutate with.
pub(crate) fn mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Enough for about three seconds without optimisation.
    const MUTATIONS: u64 = 150_000;

    /// What mutations put in: bytes and words that matter to JSON, and bytes that break UTF-8.
    const TOKENS: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b" ",
        b"\n",
        b"0",
        b"1",
        b"-",
        b".",
        b"e",
        b"+",
        b"null",
        b"true",
        b"false",
        b"\\u",
        b"\\ud800",
        b"\\udc00",
        b"\\u0000",
        b"\"objects\":",
        b"\"options\":",
        b"[]",
        b"{}",
        b"\x00",
        b"\x1f",
        b"\x7f",
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xff",
        b"\xc3\xa9",
        b"\xf0\x9f\x98\x80",
        b"\xef\xbb\xbf",
    ];

    fn seeds() -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/splitter");
        let mut paths: Vec<_> =
            fs::read_dir(folder).expect("seeds folder").map(|entry| entry.expect("entry").path()).collect();
        paths.sort();
        paths.iter().map(|path| fs::read(path).expect("seed")).collect()
    }

    fn mutate(seed: &[u8], state: &mut u64) -> Vec<u8> {
        let mut next = |below: usize| {
            *state = mix(*state);
            (*state % below as u64) as usize
        };
        let mut data = seed.to_vec();
        for _ in 0..=next(4) {
            let at = next(data.len() + 1);
            let end = (at + next(12)).min(data.len());
            match next(5) {
                0 => drop(data.drain(at..end)),
                1 => data.truncate(at),
                2 => drop(data.splice(at..at, TOKENS[next(TOKENS.len())].iter().copied())),
                3 => drop(data.splice(at..end, TOKENS[next(TOKENS.len())].iter().copied())),
                _ => {
                    let copied = data[at..end].to_vec();
                    let target = next(data.len() + 1);
                    data.splice(target..target, copied);
                }
            }
        }
        data
    }

    #[test]
    fn promises_hold_for_seeds_and_their_mutations() {
        let seeds = seeds();
        assert!(seeds.len() >= 8, "the seeds are missing");
        seeds.iter().for_each(|seed| split(seed));
        let mut state = 2_026;
        let mut taken = 0;
        for round in 0..MUTATIONS {
            let seed = &seeds[round as usize % seeds.len()];
            let data = mutate(seed, &mut state);
            split(&data);
            taken += u64::from(split_in_pieces(&data, GENEROUS, |_| usize::MAX).1.is_ok());
        }
        // A fuzzer that only ever makes rubbish, or never makes any, proves little.
        assert!(taken > MUTATIONS / 100 && taken < MUTATIONS * 9 / 10, "{taken} of {MUTATIONS} were valid");
    }

    #[test]
    #[should_panic(expected = "the splitter takes a body the reference refuses")]
    fn a_broken_promise_is_noticed() {
        let envelope = Envelope { rows: 0, options: None };
        compare_with_reference(b"{\"objects\":[01]}", &(Vec::new(), Ok(envelope)));
    }
}
