//! Dates as people write them, by a stated format. Which of two numbers is the day is never guessed.

use std::fmt;

/// How dates are written: `YYYY` or `YY`, `MM`, `M` or `MMM`, `DD` or `D`, and perhaps `HH`, `mm`, `ss` and `A` (AM or
/// PM), with whatever stands between. Numbers may be shorter than they are written here.
///
/// A cell may leave the time away that a format names, or add one (`9:30`, `09:30:15`, `9:30 PM`) that it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    written: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Field {
        field: Field,
        /// Whether it has all of its digits, since others stand beside them.
        whole: bool,
    },
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    /// Two digits: 69 to 99 are of the last century.
    ShortYear,
    Month,
    /// In English, at least its first three letters.
    MonthName,
    Day,
    Hour,
    Minute,
    Second,
    /// AM or PM: hours run from 12 over 1 to 11.
    Half,
}

/// The months as `MMM` reads them.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Field {
    /// How the field is written in a format, longest first.
    const WRITTEN: [(&str, Self); 18] = [
        ("YYYY", Self::Year),
        ("yyyy", Self::Year),
        ("YY", Self::ShortYear),
        ("yy", Self::ShortYear),
        ("MMM", Self::MonthName),
        ("MM", Self::Month),
        ("M", Self::Month),
        ("DD", Self::Day),
        ("dd", Self::Day),
        ("D", Self::Day),
        ("d", Self::Day),
        ("HH", Self::Hour),
        ("H", Self::Hour),
        ("hh", Self::Hour),
        ("h", Self::Hour),
        ("mm", Self::Minute),
        ("ss", Self::Second),
        ("A", Self::Half),
    ];

    /// The part of the date that the field is, however it is written.
    const fn meant(self) -> Self {
        match self {
            Self::ShortYear => Self::Year,
            Self::MonthName => Self::Month,
            other => other,
        }
    }

    /// Years are never shortened.
    const fn has_all_digits(self) -> bool {
        matches!(self, Self::Year | Self::ShortYear)
    }

    const fn is_number(self) -> bool {
        !matches!(self, Self::MonthName | Self::Half)
    }

    const fn is_of_time(self) -> bool {
        matches!(self, Self::Hour | Self::Minute | Self::Second | Self::Half)
    }
}

impl DateFormat {
    /// Reads a format; `None` unless it names year, month and day once each, no field twice, and a time whole.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (mut parts, mut rest) = (Vec::new(), written);
        let mut meant: Vec<Field> = Vec::new();
        while let Some(first) = rest.chars().next() {
            if let Some((name, field)) = Field::WRITTEN.iter().find(|(name, _)| rest.starts_with(name)) {
                if meant.contains(&field.meant()) {
                    return None;
                }
                meant.push(field.meant());
                // Where digits stand beside digits, each field has all of its own.
                let mut whole = field.has_all_digits();
                if let Some(Part::Field { field: before, whole: before_whole }) = parts.last_mut()
                    && before.is_number()
                    && field.is_number()
                {
                    *before_whole = true;
                    whole = true;
                }
                parts.push(Part::Field { field: *field, whole });
                rest = rest.get(name.len()..)?;
            } else {
                // A letter that names no field is a mistake in the format, not a part of dates; `T` stands in ISO times.
                if first.is_alphanumeric() && first != 'T' {
                    return None;
                }
                parts.push(Part::Literal(first));
                rest = rest.get(first.len_utf8()..)?;
            }
        }
        let has = |field| meant.contains(&field);
        let has_day = has(Field::Year) && has(Field::Month) && has(Field::Day);
        let needs_hour = has(Field::Minute) || has(Field::Second) || has(Field::Half);
        let has_whole_time = if needs_hour || has(Field::Hour) { has(Field::Hour) && has(Field::Minute) } else { true };
        (has_day && has_whole_time).then(|| Self { written: written.to_owned(), parts })
    }

    /// The date that `cell` is, in ISO form; `None` when it is not of this format. A time is one of UTC, as no file says
    /// where it was written. Whether there is such a day is for the judge.
    #[must_use]
    pub fn read(&self, cell: &str) -> Option<String> {
        let mut iso = String::new();
        self.push_iso(cell, &mut iso).map(|()| iso)
    }

    /// The same, appended to `out`; what stands there where the cell is not of this format is of no use.
    pub(super) fn push_iso(&self, cell: &str, out: &mut String) -> Option<()> {
        let mut found = Found::default();
        let mut rest = cell;
        for (place, part) in self.parts.iter().enumerate() {
            if rest.is_empty() && found.has_day() && self.only_time_follows(place) {
                return found.push_iso(out);
            }
            rest = match part {
                Part::Literal(literal) => rest.strip_prefix(*literal)?,
                Part::Field { field, whole } => found.take(*field, rest, *whole)?,
            };
        }
        if found.hour.is_none() && !rest.is_empty() {
            found.take_time(rest.strip_prefix([' ', 'T', 't'])?)?;
            return found.push_iso(out);
        }
        if rest.is_empty() { found.push_iso(out) } else { None }
    }

    fn only_time_follows(&self, place: usize) -> bool {
        let following = self.parts.get(place..).unwrap_or_default();
        following.iter().all(|part| matches!(part, Part::Literal(_)) || is_of_time(part))
            && following.iter().any(is_of_time)
    }
}

fn is_of_time(part: &Part) -> bool {
    matches!(part, Part::Field { field, .. } if field.is_of_time())
}

impl fmt::Display for DateFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

#[derive(Default)]
struct Found {
    year: Option<u16>,
    month: Option<u16>,
    day: Option<u16>,
    hour: Option<u16>,
    minute: Option<u16>,
    second: Option<u16>,
    /// Whether it is after noon, where hours are counted twice a day.
    afternoon: Option<bool>,
}

impl Found {
    fn has_day(&self) -> bool {
        self.year.is_some() && self.month.is_some() && self.day.is_some()
    }

    /// Takes a field off the start of `text` and gives the rest.
    fn take<'t>(&mut self, field: Field, text: &'t str, whole: bool) -> Option<&'t str> {
        match field {
            Field::MonthName => return self.take_month_name(text),
            Field::Half => return self.take_half(text),
            _ => {}
        }
        let digits_max = if field == Field::Year { 4 } else { 2 };
        let digits = text.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
        let is_enough = if whole { digits == digits_max } else { digits > 0 };
        let (number, rest) = text.split_at_checked(digits).filter(|_| is_enough)?;
        let number: u16 = number.parse().ok()?;
        let slot = match field {
            Field::Year | Field::ShortYear => &mut self.year,
            Field::Month | Field::MonthName => &mut self.month,
            Field::Day => &mut self.day,
            Field::Hour => &mut self.hour,
            Field::Minute => &mut self.minute,
            Field::Second | Field::Half => &mut self.second,
        };
        *slot = Some(match field {
            Field::ShortYear if number >= 69 => 1900 + number,
            Field::ShortYear => 2000 + number,
            _ => number,
        });
        Some(rest)
    }

    fn take_month_name<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, rest) = text.split_at_checked(length)?;
        let name = name.to_ascii_lowercase();
        // "sept" is as usual as "sep".
        let month = MONTHS.iter().position(|month| name.len() >= 3 && month.starts_with(&name))?;
        self.month = u16::try_from(month + 1).ok();
        // A point ends what was shortened: "Jan. 3".
        Some(if name.len() < MONTHS[month].len() { rest.strip_prefix('.').unwrap_or(rest) } else { rest })
    }

    fn take_half<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (half, rest) = text.split_at_checked(2)?;
        self.afternoon = match () {
            () if half.eq_ignore_ascii_case("am") => Some(false),
            () if half.eq_ignore_ascii_case("pm") => Some(true),
            () => return None,
        };
        Some(rest)
    }

    /// Takes a time that no format speaks of: `9:30`, `09:30:15`, `9:30 PM`.
    fn take_time(&mut self, text: &str) -> Option<()> {
        let mut rest = self.take(Field::Hour, text, false)?.strip_prefix(':')?;
        rest = self.take(Field::Minute, rest, true)?;
        if let Some(seconds) = rest.strip_prefix(':') {
            rest = self.take(Field::Second, seconds, true)?;
        }
        if !rest.is_empty() {
            rest = self.take_half(rest.strip_prefix(' ').unwrap_or(rest))?;
        }
        rest.is_empty().then_some(())
    }

    fn push_iso(&self, out: &mut String) -> Option<()> {
        push_digits(out, self.year?, 4);
        out.push('-');
        push_digits(out, self.month?, 2);
        out.push('-');
        push_digits(out, self.day?, 2);
        let Some((hour, minute)) = self.hour.zip(self.minute) else { return Some(()) };
        let hour = match self.afternoon {
            None => hour,
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        };
        out.push('T');
        push_digits(out, hour, 2);
        out.push(':');
        push_digits(out, minute, 2);
        out.push(':');
        push_digits(out, self.second.unwrap_or_default(), 2);
        out.push('Z');
        Some(())
    }
}

/// The last `width` digits of a number. Formatting takes longer than all else about a date.
fn push_digits(out: &mut String, number: u16, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_u16.pow(place) % 10;
        out.push(char::from_digit(u32::from(digit), 10).unwrap_or('0'));
    }
}

/// An ISO date-time without a zone, as spreadsheets write them, taken as one of UTC; `None` for anything else.
pub(super) fn local_iso(cell: &str) -> Option<String> {
    let (day, rest) = cell.split_at_checked(10)?;
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let is_day = day.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let (clock, fraction) = time.split_once('.').map_or((time, None), |(clock, fraction)| (clock, Some(fraction)));
    let is_clock = matches!(clock.len(), 5 | 8)
        && clock.bytes().enumerate().all(|(place, byte)| match place {
            2 | 5 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let is_fraction = fraction.is_none_or(|digits| {
        clock.len() == 8 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !is_day || !is_clock || !is_fraction {
        return None;
    }
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let fraction = fraction.map_or_else(String::new, |digits| format!(".{digits}"));
    Some(format!("{day}T{clock}{seconds}{fraction}Z"))
}

/// Whether `cell` is made like a date whose order of day and month must be said: three numbers with the same mark
/// between them.
pub(super) fn is_local_date(cell: &str) -> bool {
    let day = cell.split([' ', 'T']).next().unwrap_or_default();
    ['.', '/', '-'].into_iter().any(|mark| {
        let numbers: Vec<&str> = day.split(mark).collect();
        numbers.len() == 3
            && numbers
                .iter()
                .all(|number| matches!(number.len(), 1 | 2 | 4) && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
