//! Dates as people write them, by a stated format. Which of two numbers is the day is never guessed.

use std::fmt;

/// How dates are written: `YYYY`, `MM` or `M`, `DD` or `D`, and perhaps `HH`, `mm`, `ss`, with whatever stands between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    written: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Field(Field),
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl Field {
    /// How the field is written in a format, longest first.
    const WRITTEN: [(&str, Self); 10] = [
        ("YYYY", Self::Year),
        ("yyyy", Self::Year),
        ("MM", Self::Month),
        ("M", Self::Month),
        ("DD", Self::Day),
        ("dd", Self::Day),
        ("D", Self::Day),
        ("HH", Self::Hour),
        ("mm", Self::Minute),
        ("ss", Self::Second),
    ];

    const fn digits_max(self) -> usize {
        match self {
            Self::Year => 4,
            _ => 2,
        }
    }
}

impl DateFormat {
    /// Reads a format; `None` unless it names year, month and day once each, and no field twice.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (mut parts, mut rest) = (Vec::new(), written);
        while let Some(first) = rest.chars().next() {
            if let Some((name, field)) = Field::WRITTEN.iter().find(|(name, _)| rest.starts_with(name)) {
                if parts.contains(&Part::Field(*field)) {
                    return None;
                }
                parts.push(Part::Field(*field));
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
        let has = |field| parts.contains(&Part::Field(field));
        let has_day = has(Field::Year) && has(Field::Month) && has(Field::Day);
        let has_whole_time = has(Field::Hour) == has(Field::Minute) && (has(Field::Hour) || !has(Field::Second));
        (has_day && has_whole_time).then(|| Self { written: written.to_owned(), parts })
    }

    /// The date that `cell` is, in ISO form; `None` when it is not of this format. A time is one of UTC, as no file says
    /// where it was written. Whether there is such a day is for the judge.
    #[must_use]
    pub fn read(&self, cell: &str) -> Option<String> {
        let mut found = Found::default();
        let mut rest = cell;
        for part in &self.parts {
            match part {
                Part::Literal(literal) => rest = rest.strip_prefix(*literal)?,
                Part::Field(field) => {
                    let digits = rest.bytes().take(field.digits_max()).take_while(u8::is_ascii_digit).count();
                    let is_whole = if *field == Field::Year { digits == 4 } else { digits > 0 };
                    let (number, after) = rest.split_at_checked(digits).filter(|_| is_whole)?;
                    *found.slot(*field) = number.parse().ok();
                    rest = after;
                }
            }
        }
        rest.is_empty().then(|| found.iso()).flatten()
    }
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
}

impl Found {
    fn slot(&mut self, field: Field) -> &mut Option<u16> {
        match field {
            Field::Year => &mut self.year,
            Field::Month => &mut self.month,
            Field::Day => &mut self.day,
            Field::Hour => &mut self.hour,
            Field::Minute => &mut self.minute,
            Field::Second => &mut self.second,
        }
    }

    fn iso(&self) -> Option<String> {
        let day = format!("{:04}-{:02}-{:02}", self.year?, self.month?, self.day?);
        let Some((hour, minute)) = self.hour.zip(self.minute) else { return Some(day) };
        Some(format!("{day}T{hour:02}:{minute:02}:{:02}Z", self.second.unwrap_or_default()))
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
