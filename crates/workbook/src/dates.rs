//! Days and times of sheets as ISO text.
//!
//! Owns what a number with a date's format means, and which formats are dates. Must not know where formats are kept.

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan};

const DAY_MILLIS: i64 = 86_400_000;

/// What a cell's number format makes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberFormat {
    /// A number.
    Number,
    /// A day, with or without a time.
    DateTime,
    /// A time of day.
    Time,
    /// A span of time, counted on beyond 24 hours.
    Elapsed,
}

impl NumberFormat {
    /// The formats that every workbook knows by number. Those of East Asia are days, but for four times.
    pub(crate) fn built_in(id: u32) -> Self {
        match id {
            14..=17 | 22 | 27..=31 | 36 | 50..=58 => Self::DateTime,
            18..=21 | 32..=35 | 45 | 47 => Self::Time,
            46 => Self::Elapsed,
            _ => Self::Number,
        }
    }

    /// The format with this code, such as `yyyy\-mm\-dd;@`, by the letters outside quotes.
    pub(crate) fn of_code(code: &str) -> Self {
        if code.eq_ignore_ascii_case("general") {
            return Self::Number;
        }
        let (mut date, mut time, mut month_or_minute, mut elapsed) = (false, false, false, false);
        let lower = code.to_lowercase().replace("am/pm", "").replace("a/p", "");
        let mut characters = lower.chars();
        while let Some(character) = characters.next() {
            match character {
                ';' => break,
                '"' => while characters.next().is_some_and(|quoted| quoted != '"') {},
                '\\' | '_' | '*' => {
                    characters.next();
                }
                '[' => {
                    let inside: String = characters.by_ref().take_while(|&within| within != ']').collect();
                    elapsed |= !inside.is_empty() && inside.chars().all(|letter| matches!(letter, 'h' | 'm' | 's'));
                }
                'y' | 'd' => date = true,
                'h' | 's' => time = true,
                'm' => month_or_minute = true,
                _ => {}
            }
        }
        match (date, elapsed, time, month_or_minute) {
            (true, ..) => Self::DateTime,
            (_, true, ..) => Self::Elapsed,
            (_, _, true, _) => Self::Time,
            (_, _, _, true) => Self::DateTime,
            _ => Self::Number,
        }
    }
}

/// The text of `number` in a format of days or times; `None` if it is a plain number, also because no such day exists.
pub(crate) fn text_of(number: f64, format: NumberFormat, date_1904: bool) -> Option<String> {
    const LAST_DAY: f64 = 2_958_466.0;
    if format == NumberFormat::Number || !(0.0..LAST_DAY).contains(&number) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "at most seven digits of days")]
    let millis = (number * 86_400_000.0).round() as i64;
    let within_a_day = millis < DAY_MILLIS;
    match format {
        NumberFormat::Elapsed => Some(clock(millis)),
        NumberFormat::Time if within_a_day => Some(clock(millis)),
        // Day 0 of the usual count is no day of the calendar: the cell holds a time only.
        NumberFormat::DateTime if within_a_day && !date_1904 => Some(clock(millis)),
        _ => {
            let day = day_of_serial(millis / DAY_MILLIS, date_1904)?;
            let rest = millis % DAY_MILLIS;
            Some(if rest == 0 { day.to_string() } else { format!("{day}T{}", clock(rest)) })
        }
    }
}

/// The day that a number counts to. The count from 1900 holds a 29 February of that year which never was: days before it are
/// off by one, and it is itself taken for the 28th.
fn day_of_serial(serial: i64, date_1904: bool) -> Option<Date> {
    let (epoch, days) = match (date_1904, serial) {
        (true, _) => (Date::new(1904, 1, 1).ok()?, serial),
        (false, ..60) => (Date::new(1899, 12, 31).ok()?, serial),
        (false, _) => (Date::new(1899, 12, 30).ok()?, serial),
    };
    epoch.checked_add(days.days()).ok()
}

/// Hours, minutes, seconds, and milliseconds if there are any.
fn clock(millis: i64) -> String {
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let text = format!("{hours:02}:{minutes:02}:{seconds:02}");
    if millis == 0 { text } else { format!("{text}.{millis:03}").trim_end_matches('0').to_owned() }
}

/// A day or a day with its time, given as ISO text: the time left out where it is midnight, fractions to the millisecond.
/// What is no such text stays as it is.
pub(crate) fn of_iso_day(text: &str) -> String {
    let Ok(moment) = text.trim().parse::<DateTime>() else {
        return text.to_owned();
    };
    let (day, millis) = (moment.date(), millis_of_day(moment));
    if millis < DAY_MILLIS {
        return if millis == 0 { day.to_string() } else { format!("{day}T{}", clock(millis)) };
    }
    day.tomorrow().map_or_else(|_| text.to_owned(), |next| next.to_string())
}

fn millis_of_day(moment: DateTime) -> i64 {
    let time = moment.time();
    let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    seconds * 1_000 + (i64::from(time.subsec_nanosecond()) + 500_000) / 1_000_000
}

/// A span of time given as `PT08H30M00S`, as hours, minutes and seconds. What is no such text stays as it is.
pub(crate) fn of_iso_span(text: &str) -> String {
    let span = text.trim().parse::<Span>().ok();
    // Nobody can say how many hours a month has.
    let span = span.filter(|span| (span.get_years(), span.get_months(), span.get_weeks()) == (0, 0, 0));
    let millis = span.and_then(|span| {
        let days = i64::from(span.get_days());
        let hours = days.checked_mul(24)?.checked_add(i64::from(span.get_hours()))?;
        let seconds = hours.checked_mul(3_600)?.checked_add(span.get_minutes().checked_mul(60)?)?;
        let millis =
            seconds.checked_add(span.get_seconds())?.checked_mul(1_000)?.checked_add(span.get_milliseconds())?;
        let nanos = span.get_microseconds().checked_mul(1_000)?.checked_add(span.get_nanoseconds())?;
        let below = nanos.checked_add(500_000)? / 1_000_000;
        millis.checked_add(below)
    });
    millis.filter(|&millis| millis >= 0).map_or_else(|| text.to_owned(), clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_letters() {
        use NumberFormat::{DateTime, Elapsed, Number, Time};
        let cases = [
            ("General", Number),
            ("0.00%", Number),
            ("0.00E+00", Number),
            ("#,##0.00 \"days\"", Number),
            ("[Red]-#,##0", Number),
            ("#,##0\\d", Number),
            ("[$-409]d\\-mmm\\-yy;@", DateTime),
            ("yyyy\\-mm\\-dd hh:mm", DateTime),
            ("mmm", DateTime),
            ("h:mm AM/PM", Time),
            ("mm:ss.0", Time),
            ("[h]:mm:ss", Elapsed),
            ("[ss].00", Elapsed),
            ("0;\"day\" d", Number),
        ];
        for (code, expected) in cases {
            assert_eq!(NumberFormat::of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn numbers_become_days_and_times() {
        use NumberFormat::{DateTime, Elapsed, Number, Time};
        let shown = |number, format, date_1904| text_of(number, format, date_1904);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(shown(45_351.0, DateTime, false), some("2024-02-29"));
        assert_eq!(shown(43_889.0, DateTime, true), some("2024-02-29"));
        assert_eq!(shown(45_351.416_666_666_7, DateTime, false), some("2024-02-29T10:00:00"));
        assert_eq!(shown(45_351.999_999_999_9, DateTime, false), some("2024-03-01"));
        assert_eq!(shown(1.0, DateTime, false), some("1900-01-01"));
        assert_eq!(shown(59.0, DateTime, false), some("1900-02-28"));
        assert_eq!(shown(60.0, DateTime, false), some("1900-02-28"));
        assert_eq!(shown(61.0, DateTime, false), some("1900-03-01"));
        assert_eq!(shown(0.0, DateTime, true), some("1904-01-01"));
        assert_eq!(shown(0.354_166_666_666_7, DateTime, false), some("08:30:00"));
        assert_eq!(shown(0.5, Time, false), some("12:00:00"));
        assert_eq!(shown(45_351.5, Time, false), some("2024-02-29T12:00:00"));
        assert_eq!(shown(1.5, Elapsed, false), some("36:00:00"));
        assert_eq!(shown(1.5 / 86_400.0, Time, false), some("00:00:01.5"));
        assert_eq!(shown(2_958_465.0, DateTime, false), some("9999-12-31"));
        for (number, format) in [(-1.0, DateTime), (2_958_466.0, DateTime), (f64::NAN, Time), (1.0, Number)] {
            assert_eq!(shown(number, format, false), None);
        }
        assert_eq!(shown(2_958_465.0, DateTime, true), None, "beyond the year 9999 of the other count");
    }

    #[test]
    fn iso_texts_are_brought_into_one_form() {
        let days =
            ["2024-02-29", "2024-02-29T00:00:00", "2024-02-29T10:00:00.500000000", "2024-02-29T23:59:59.9999", "soon"];
        let expected = ["2024-02-29", "2024-02-29", "2024-02-29T10:00:00.5", "2024-03-01", "soon"];
        assert_eq!(days.map(of_iso_day), expected.map(str::to_owned));
        let spans =
            ["PT08H30M00S", "PT36H00M00S", "PT00H00M01.5S", "P1DT2H", "-PT1H", "later", "PT9000000000000S", "P1Y"];
        let expected = ["08:30:00", "36:00:00", "00:00:01.5", "26:00:00", "-PT1H", "later", "PT9000000000000S", "P1Y"];
        assert_eq!(spans.map(of_iso_span), expected.map(str::to_owned));
    }
}
