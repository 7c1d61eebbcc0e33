//! JSON as text: strings and numbers. Owns how a number of a sheet is written; must not know where it stands.

/// Appends a JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    // Writing into memory cannot fail, and a string has no key that could be refused.
    let _ = serde_json::to_writer(out, text);
}

/// Appends a JSON number: whole ones without a point, others with as few digits as tell them apart. Sheets store
/// `1.1000000000000001` for 1.1.
pub(crate) fn push_number(out: &mut Vec<u8>, number: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    if number.fract() == 0.0 && number.abs() < EXACT {
        let _ = serde_json::to_writer(out, &(number as i64));
    } else {
        let _ = serde_json::to_writer(out, &number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_know_them() {
        let shown = |number| {
            let mut out = Vec::new();
            push_number(&mut out, number);
            String::from_utf8(out).unwrap()
        };
        let given =
            [1.0, -0.0, "1.1000000000000001".parse().unwrap(), 0.25, -12.5, 9_007_199_254_740_991.0, 1e21, 1e-9];
        let expected = ["1", "0", "1.1", "0.25", "-12.5", "9007199254740991", "1e+21", "1e-9"];
        assert_eq!(given.map(shown), expected);
    }
}
