//! Numbers as people of a place write them.

use super::DecimalMark;

/// The number that `cell` is when decimals stand behind `mark`, by JSON's grammar; `None` when it is none. The other mark,
/// spaces and apostrophes may part groups of three digits.
pub(super) fn plain_number(cell: &str, mark: DecimalMark) -> Option<String> {
    let (decimal, group) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (sign, digits) = match cell.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", cell.strip_prefix('+').unwrap_or(cell)),
    };
    let (whole, fraction) = match digits.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.is_some_and(|fraction| !is_digits(fraction)) {
        return None;
    }
    let parts =
        |character: char| character == group || matches!(character, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}');
    let groups: Vec<&str> = whole.split(parts).collect();
    let first_fits = |first: &str| if groups.len() > 1 { first.len() <= 3 } else { true };
    let rest_fit = groups.iter().skip(1).all(|group| group.len() == 3);
    if !groups.first().is_some_and(|first| first_fits(first))
        || !rest_fit
        || !groups.iter().all(|group| is_digits(group))
    {
        return None;
    }
    let joined = groups.concat();
    let without_zeros = joined.trim_start_matches('0');
    let whole = if without_zeros.is_empty() { "0" } else { without_zeros };
    let fraction = fraction.map_or_else(String::new, |fraction| format!(".{fraction}"));
    Some(format!("{sign}{whole}{fraction}"))
}

/// Whether `cell` would be a number if it were known which mark is which.
pub(super) fn is_local_number(cell: &str) -> bool {
    [DecimalMark::Point, DecimalMark::Comma].into_iter().any(|mark| plain_number(cell, mark).is_some())
}
