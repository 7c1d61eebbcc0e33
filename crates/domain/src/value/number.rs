//! Numbers: which fit, and their one canonical form.
//!
//! A number that is an integer, however written (`5`, `5.0`, `0.5e1`), is kept exactly when it fits i64. One written
//! as an integer must fit. Any other number takes the nearest f64, which must be finite.

/// Why a number cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberFault {
    /// An integer outside i64; as an f64 it would be rounded silently.
    IntegerTooLarge,
    /// Larger than every f64.
    NotFinite,
}

impl NumberFault {
    pub(super) fn problem(self) -> &'static str {
        match self {
            Self::IntegerTooLarge => {
                "integers must lie between -9223372036854775808 and 9223372036854775807; send larger ones as text to a text property"
            }
            Self::NotFinite => "it is beyond the range of a 64-bit floating-point number",
        }
    }
}

/// Up to this many digits every integer fits i64.
const SAFE_DIGITS: usize = 18;

/// Appends the canonical form of a number that follows JSON's grammar.
pub(super) fn push_canonical(written: &str, out: &mut String) -> Result<(), NumberFault> {
    let is_integer_syntax = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_integer_syntax {
        if written.len() <= SAFE_DIGITS && written != "-0" {
            out.push_str(written);
            return Ok(());
        }
        let integer: i64 = written.parse().map_err(|_| NumberFault::IntegerTooLarge)?;
        out.push_str(&integer.to_string());
        return Ok(());
    }
    if let Some(integer) = exact_integer(written) {
        out.push_str(&integer.to_string());
        return Ok(());
    }
    push_nearest(written.parse().map_err(|_| NumberFault::NotFinite)?, out)
}

/// Whether a number can be kept as it was written, for text that takes numbers.
pub(super) fn check(written: &str) -> Result<(), NumberFault> {
    push_canonical(written, &mut String::new())
}

fn push_nearest(nearest: f64, out: &mut String) -> Result<(), NumberFault> {
    /// 2^63: every f64 from its negative up to but not including it is an i64 when it is whole.
    const I64_END: f64 = 9_223_372_036_854_775_808.0;
    if !nearest.is_finite() {
        return Err(NumberFault::NotFinite);
    }
    let text = if nearest.fract() == 0.0 && (-I64_END..I64_END).contains(&nearest) {
        // Whole and inside the range, so the cast is exact; it also turns -0 into 0.
        #[allow(clippy::cast_possible_truncation)]
        let integer = nearest as i64;
        integer.to_string()
    } else if (1e-7..1e16).contains(&nearest.abs()) {
        nearest.to_string()
    } else {
        // Never digits alone: those would read as an integer that does not fit.
        format!("{nearest:e}")
    };
    out.push_str(&text);
    Ok(())
}

/// The i64 that a number with a fraction or an exponent stands for exactly; `None` when it is no such integer.
fn exact_integer(written: &str) -> Option<i64> {
    let (sign, unsigned) = match written.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", written),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(place) => (unsigned.get(..place)?, unsigned.get(place + 1..)?),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    // An exponent that does not fit i32 leaves no digit near the point.
    let exponent: i32 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let integer_digits = if shift >= 0 {
        let zeros = usize::try_from(shift).ok().filter(|zeros| zeros + significant.len() <= SAFE_DIGITS + 1)?;
        format!("{sign}{significant}{}", "0".repeat(zeros))
    } else {
        // The digits behind the point must all be zero: `1200e-2`.
        let behind = usize::try_from(shift.unsigned_abs()).ok()?;
        let (front, back) = significant.split_at_checked(significant.len().checked_sub(behind)?)?;
        if front.is_empty() || back.bytes().any(|digit| digit != b'0') {
            return None;
        }
        format!("{sign}{front}")
    };
    integer_digits.parse().ok()
}

/// Whether `text` is a number by JSON's grammar and nothing else.
pub(super) fn is_number(text: &str) -> bool {
    let mut cursor = crate::json::Cursor::new(text);
    matches!(cursor.value(), Ok(crate::json::Value::Number(raw)) if raw.len() == text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(written: &str) -> Result<String, NumberFault> {
        let mut out = String::new();
        push_canonical(written, &mut out).map(|()| out)
    }

    #[test]
    fn integers_are_exact_however_they_are_written() {
        for (written, expected) in [
            ("5", "5"),
            ("5.0", "5"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999999999999", "0"),
            ("50e-1", "5"),
            ("0.5e1", "5"),
            ("1E3", "1000"),
            ("-120.0e+1", "-1200"),
            ("9007199254740993", "9007199254740993"),
            ("9007199254740993.0", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775807.000", "9223372036854775807"),
            ("9.223372036854775807e18", "9223372036854775807"),
            ("1000000000000000000", "1000000000000000000"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(expected), "{written}");
        }
    }

    #[test]
    fn decimals_take_the_nearest_f64() {
        for (written, expected) in [
            ("2.50", "2.5"),
            ("1e-1", "0.1"),
            ("-0.30", "-0.3"),
            ("1e30", "1e30"),
            ("12.5e40", "1.25e41"),
            ("1e-9", "1e-9"),
            ("0.1000000000000000055511151231257827", "0.1"),
            ("1e-400", "0"),
            ("-1e-400", "0"),
            ("1.5e308", "1.5e308"),
            ("9007199254740992.5", "9007199254740992"),
            ("9223372036854775808.5", "9.223372036854776e18"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(expected), "{written}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        for written in ["9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"] {
            assert_eq!(canonical(written), Err(NumberFault::IntegerTooLarge), "{written}");
        }
        for written in ["1e400", "-1e400", "1.8e308", "1e99999999999999999999"] {
            assert_eq!(canonical(written), Err(NumberFault::NotFinite), "{written}");
        }
    }

    #[test]
    fn only_the_grammar_of_json_is_a_number() {
        for good in ["0", "-1", "1.5e+3", "10"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "+1", "01", ".5", "5.", "1e", "0x10", "NaN", "1 ", " 1", "1,5", "true", "\"1\"", "1 2"] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_of_a_canonical_form_is_itself(
            written in "-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?"
        ) {
            if let Ok(once) = canonical(&written) {
                prop_assert_eq!(canonical(&once), Ok(once));
            }
        }

        #[test]
        fn every_f64_comes_back_bit_for_bit(number in any::<f64>().prop_filter("finite", |number| number.is_finite() && *number != 0.0)) {
            let text = canonical(&format!("{number:e}")).expect("finite");
            prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(number.to_bits()));
        }

        #[test]
        fn every_i64_comes_back(number: i64) {
            prop_assert_eq!(canonical(&number.to_string()), Ok(number.to_string()));
            prop_assert_eq!(canonical(&format!("{number}.0")), Ok(number.to_string()));
        }
    }
}
