//! Dates: ISO days and RFC 3339 date-times, kept as sent and compared as instants.

use std::fmt;

/// An instant: whole seconds since the Unix epoch and the digits of the fraction after them.
///
/// A day is its midnight UTC. Fractions are of any length, so they are kept as digits without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant<'a> {
    seconds: i64,
    fraction: &'a str,
}

impl fmt::Display for Instant<'_> {
    /// The text by which dates are matched; stored keys depend on it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.seconds)?;
        if self.fraction.is_empty() { Ok(()) } else { write!(formatter, ".{}", self.fraction) }
    }
}

impl Instant<'_> {
    /// The place among whole milliseconds since the epoch, as a number by JSON's grammar: one of them, or the middle
    /// between two, wherever between them the instant lies.
    pub(super) fn millis_text(&self) -> String {
        let (thousandths, finer) = self.fraction.split_at_checked(3).unwrap_or((self.fraction, ""));
        let digits = thousandths.bytes().chain(std::iter::repeat(b'0')).take(3);
        let millis = self.seconds * 1_000 + digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        // The fraction counts forwards, also before the epoch: half a millisecond after -2 is -1.5.
        match (finer.is_empty(), millis) {
            (true, _) => millis.to_string(),
            (false, 0..) => format!("{millis}.5"),
            (false, _) => format!("-{}.5", -(millis + 1)),
        }
    }

    /// A text that sorts as instants do: seconds since before year 1 in twelve digits, then `.` and the fraction if any.
    pub(super) fn order_text(&self) -> String {
        let seconds = self.seconds + SECONDS_BEFORE_EPOCH;
        if self.fraction.is_empty() { format!("{seconds:012}") } else { format!("{seconds:012}.{}", self.fraction) }
    }
}

/// From two days before 0001-01-01T00:00:00Z, so that no zone's offset leads below 0, to the Unix epoch.
const SECONDS_BEFORE_EPOCH: i64 = 62_135_596_800 + 2 * 86_400;

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateFault {
    /// Neither of the two forms.
    Form,
    /// No such day in the calendar, or year 0.
    NoSuchDay,
    /// An hour past 23, a minute past 59 or a second past 59.
    NoSuchTime,
    /// A date-time without a zone, which is no instant.
    NoZone,
}

impl DateFault {
    pub(super) fn problem(self) -> &'static str {
        match self {
            Self::Form => "send a day such as 2026-07-31 or a time with its zone such as 2026-07-31T09:30:00Z",
            Self::NoSuchDay => "there is no such day; years run from 0001 to 9999",
            Self::NoSuchTime => "there is no such time; hours run to 23, minutes and seconds to 59",
            Self::NoZone => "the zone is missing; end it with Z or an offset such as +02:00",
        }
    }
}

/// Reads `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`; `t` and `z` may be lower case.
pub(super) fn parse(text: &str) -> Result<Instant<'_>, DateFault> {
    let (day_text, rest) = text.split_at_checked(10).ok_or(DateFault::Form)?;
    let day = parse_day(day_text)?;
    if rest.is_empty() {
        return Ok(Instant { seconds: day * 86_400, fraction: "" });
    }
    let time_text = rest.strip_prefix(['T', 't']).ok_or(DateFault::Form)?;
    let (clock_text, after_clock) = time_text.split_at_checked(8).ok_or(DateFault::Form)?;
    let second_of_day = parse_clock(clock_text)?;
    let (fraction, zone) = split_fraction(after_clock)?;
    let offset_seconds = parse_zone(zone)?;
    Ok(Instant { seconds: day * 86_400 + second_of_day - offset_seconds, fraction: fraction.trim_end_matches('0') })
}

/// Days since the epoch.
fn parse_day(text: &str) -> Result<i64, DateFault> {
    let [y, y2, y3, y4, b'-', m, m2, b'-', d, d2] = text.as_bytes() else {
        return Err(DateFault::Form);
    };
    let year = number(&[*y, *y2, *y3, *y4])?;
    let month = number(&[*m, *m2])?;
    let day = number(&[*d, *d2])?;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return Err(DateFault::NoSuchDay);
    }
    Ok(days_since_epoch(year, month, day))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts in years that start in March, so that the leap day is the last of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let years = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    // 719,468 days lie between the first of March of year 0 and the epoch.
    years * 365 + years / 4 - years / 100 + years / 400 + day_of_year - 719_468
}

/// Seconds since midnight.
fn parse_clock(text: &str) -> Result<i64, DateFault> {
    let [h, h2, b':', m, m2, b':', s, s2] = text.as_bytes() else {
        return Err(DateFault::Form);
    };
    let (hour, minute, second) = (number(&[*h, *h2])?, number(&[*m, *m2])?, number(&[*s, *s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(DateFault::NoSuchTime);
    }
    Ok(hour * 3_600 + minute * 60 + second)
}

/// Parts `.123Z` into the digits and the zone.
fn split_fraction(text: &str) -> Result<(&str, &str), DateFault> {
    let Some(after_point) = text.strip_prefix('.') else {
        return Ok(("", text));
    };
    let end = after_point.find(|character: char| !character.is_ascii_digit()).unwrap_or(after_point.len());
    if end == 0 { Err(DateFault::Form) } else { Ok(after_point.split_at(end)) }
}

/// Seconds east of UTC.
fn parse_zone(text: &str) -> Result<i64, DateFault> {
    let (sign, h, h2, m, m2) = match text.as_bytes() {
        [] => return Err(DateFault::NoZone),
        [b'Z' | b'z'] => return Ok(0),
        [b'+', h, h2, b':', m, m2] => (1, h, h2, m, m2),
        [b'-', h, h2, b':', m, m2] => (-1, h, h2, m, m2),
        _ => return Err(DateFault::Form),
    };
    let (hours, minutes) = (number(&[*h, *h2])?, number(&[*m, *m2])?);
    if hours > 23 || minutes > 59 {
        return Err(DateFault::NoSuchTime);
    }
    Ok(sign * (hours * 3_600 + minutes * 60))
}

fn number(digits: &[u8]) -> Result<i64, DateFault> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + i64::from(digit - b'0')),
        _ => Err(DateFault::Form),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Result<String, DateFault> {
        parse(text).map(|instant| instant.to_string())
    }

    #[test]
    fn days_and_times_are_instants() {
        for (text, expected) in [
            ("1970-01-01", "0"),
            ("1970-01-02", "86400"),
            ("1969-12-31T23:59:59.50Z", "-1.5"),
            ("2000-02-29", "951782400"),
            ("2026-07-31T09:30:00+02:00", "1785483000"),
            ("2026-07-31t07:30:00z", "1785483000"),
            ("2026-07-31T07:30:00.000Z", "1785483000"),
            ("2026-07-31T07:30:00-00:00", "1785483000"),
            ("0001-01-01", "-62135596800"),
            ("9999-12-31T23:59:59Z", "253402300799"),
            ("2026-07-31T07:30:00.123456789012Z", "1785483000.123456789012"),
        ] {
            assert_eq!(key(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn instants_lie_at_or_between_milliseconds() {
        for (text, expected) in [
            ("1970-01-01", "0"),
            ("1970-01-01T00:00:01.02Z", "1020"),
            ("1970-01-01T00:00:00.0001Z", "0.5"),
            ("1970-01-01T00:00:00.1239999Z", "123.5"),
            ("1969-12-31T23:59:59.5Z", "-500"),
            ("1969-12-31T23:59:59.9999Z", "-0.5"),
            ("1969-12-31T23:59:59.0001Z", "-999.5"),
        ] {
            assert_eq!(parse(text).map(|instant| instant.millis_text()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_says_why() {
        for (text, expected) in [
            ("2026-02-30", DateFault::NoSuchDay),
            ("2025-02-29", DateFault::NoSuchDay),
            ("1900-02-29", DateFault::NoSuchDay),
            ("0000-01-01", DateFault::NoSuchDay),
            ("2026-13-01", DateFault::NoSuchDay),
            ("2026-04-31", DateFault::NoSuchDay),
            ("2026-00-01", DateFault::NoSuchDay),
            ("2026-01-00", DateFault::NoSuchDay),
            ("2026-01-01T24:00:00Z", DateFault::NoSuchTime),
            ("2026-01-01T23:60:00Z", DateFault::NoSuchTime),
            ("2016-12-31T23:59:60Z", DateFault::NoSuchTime),
            ("2026-01-01T00:00:00+24:00", DateFault::NoSuchTime),
            ("2026-01-01T00:00:00", DateFault::NoZone),
            ("2026-01-01T00:00:00.5", DateFault::NoZone),
            ("9999999", DateFault::Form),
            ("9999999-01-01", DateFault::Form),
            ("+2026-01-01", DateFault::Form),
            ("2026-1-1", DateFault::Form),
            ("2026-01-01T00:00Z", DateFault::Form),
            ("2026-01-01 00:00:00Z", DateFault::Form),
            ("2026-01-01T00:00:00.Z", DateFault::Form),
            ("2026-01-01T00:00:00+0200", DateFault::Form),
            ("", DateFault::Form),
            (" 2026-01-01", DateFault::Form),
            ("31.07.2026", DateFault::Form),
            ("2026-01-01Z", DateFault::Form),
            ("２026-01-01", DateFault::Form),
            ("2026-01-0é", DateFault::Form),
        ] {
            assert_eq!(key(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn days_follow_each_other_without_a_gap() {
        let mut expected = -719_162;
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_since_epoch(year, month, day), expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}|[0-9TZtz:.+-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
