//! How the text of a setting becomes a value: durations, sizes, counts, switches, paths, ids.
//!
//! Owns the grammar and the sentence that tells what was expected. Knows neither where a text came from nor what it
//! is for, and never repeats the text in its messages: it may be a secret.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use crate::keys::Secret;

/// Why a text is not a value: what should have stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected(pub(crate) String);

impl Expected {
    fn that(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A value out of its text.
pub(crate) type Parsed<T> = Result<T, Expected>;

/// `500ms`, `90s`, `15m`, `24h`, `7d`, `2w`; parts may follow each other, the larger first: `1h30m`.
pub(crate) fn duration(text: &str) -> Parsed<Duration> {
    let expected = || Expected::that("expected a duration such as 500ms, 90s, 15m, 24h or 7d");
    let mut rest = text.trim();
    let mut total_ms: u64 = 0;
    let mut previous_unit_ms = u64::MAX;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
        let (digits, after_digits) = rest.split_at(digits_end);
        let unit_end = after_digits.find(|c: char| c.is_ascii_digit()).unwrap_or(after_digits.len());
        let (unit, after_unit) = after_digits.split_at(unit_end);
        let unit_ms = duration_unit_ms(unit.trim()).filter(|ms| *ms < previous_unit_ms).ok_or_else(expected)?;
        let number: u64 = digits.parse().map_err(|_| expected())?;
        let part = number.checked_mul(unit_ms).ok_or_else(expected)?;
        total_ms = total_ms.checked_add(part).ok_or_else(expected)?;
        previous_unit_ms = unit_ms;
        rest = after_unit;
    }
    if previous_unit_ms == u64::MAX {
        return Err(expected());
    }
    Ok(Duration::from_millis(total_ms))
}

fn duration_unit_ms(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        "w" => Some(7 * 86_400_000),
        _ => None,
    }
}

/// A duration from `least` to `most`.
pub(crate) fn duration_between(least: Duration, most: Duration) -> impl Fn(&str) -> Parsed<Duration> {
    move |text| {
        let value = duration(text)?;
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(Expected::that(format!("expected a duration from {} to {}", show_duration(least), show_duration(most))))
    }
}

/// A duration as [`duration`] reads it, in its largest whole unit.
pub(crate) fn show_duration(value: Duration) -> String {
    let ms = value.as_millis();
    for (unit, unit_ms) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

/// Plain bytes, or a whole number with `KiB`, `MiB`, `GiB`, `TiB` (powers of 1,024) or `kB`, `MB`, `GB` (of 1,000).
pub(crate) fn size(text: &str) -> Parsed<u64> {
    let expected = || Expected::that("expected a size such as 65536, 512KiB, 1MiB or 2GiB");
    let trimmed = text.trim();
    let digits_end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(trimmed.len());
    let (digits, unit) = trimmed.split_at(digits_end);
    let number: u64 = digits.replace('_', "").parse().map_err(|_| expected())?;
    let unit_bytes = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(expected()),
    };
    number.checked_mul(unit_bytes).ok_or_else(expected)
}

/// A size from `least` to `most` bytes.
pub(crate) fn size_between(least: u64, most: u64) -> impl Fn(&str) -> Parsed<u64> {
    move |text| {
        let value = size(text)?;
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(Expected::that(format!("expected a size from {least} to {most} bytes")))
    }
}

/// A whole number from `least` to `most`; digits may be grouped: `5_000_000`.
pub(crate) fn count_between(least: u64, most: u64) -> impl Fn(&str) -> Parsed<u64> {
    move |text| {
        let expected = || Expected::that(format!("expected a whole number from {least} to {most}"));
        let trimmed = text.trim();
        if !trimmed.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(expected());
        }
        let value: u64 = trimmed.replace('_', "").parse().map_err(|_| expected())?;
        if (least..=most).contains(&value) { Ok(value) } else { Err(expected()) }
    }
}

/// `off`, or a whole number of at least 1.
pub(crate) fn count_or_off(text: &str) -> Parsed<Option<u32>> {
    if matches!(text.trim(), "off" | "0") {
        return Ok(None);
    }
    let read = count_between(1, u64::from(u32::MAX))(text);
    let value = read.map_err(|_| Expected::that("expected a whole number of at least 1, or off"))?;
    Ok(u32::try_from(value).ok())
}

/// One of some words.
pub(crate) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Parsed<T> {
    move |text| {
        let wanted = text.trim();
        let found = words.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            Expected::that(format!("expected one of: {}", names.join(", ")))
        })
    }
}

/// What a switch can be.
pub(crate) const SWITCH: &[(&str, bool)] = &[("true", true), ("false", false)];

/// `ADDRESS:PORT`; `localhost` stands for 127.0.0.1. Port 0 picks a free one.
pub(crate) fn listen_address(text: &str) -> Parsed<SocketAddr> {
    let expected = || Expected::that("expected ADDRESS:PORT such as 127.0.0.1:8420, 0.0.0.0:8420 or [::1]:8420");
    let trimmed = text.trim();
    if let Some(port) = trimmed.strip_prefix("localhost:") {
        let number: u16 = port.parse().map_err(|_| expected())?;
        return Ok(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), number));
    }
    trimmed.parse().map_err(|_| expected())
}

/// A path, taken as it is.
pub(crate) fn path(text: &str) -> Parsed<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        return Err(Expected::that("expected a path"));
    }
    Ok(PathBuf::from(text))
}

/// A hyphenated uuid.
pub(crate) fn uuid(text: &str) -> Parsed<Uuid> {
    let trimmed = text.trim();
    let parsed = if trimmed.len() == 36 { Uuid::try_parse(trimmed).ok() } else { None };
    parsed.ok_or_else(|| Expected::that("expected a uuid such as 0b8f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a10"))
}

/// An address of a server: `http://` or `https://`, a host, and perhaps a path prefix; no slash at the end.
pub(crate) fn server_url(text: &str) -> Parsed<String> {
    let trimmed = text.trim().trim_end_matches('/');
    let host = trimmed.strip_prefix("http://").or_else(|| trimmed.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Ok(trimmed.to_owned())
        }
        _ => Err(Expected::that("expected an address such as http://127.0.0.1:8420")),
    }
}

/// An address of a PostgreSQL database, as a URL. It may hold a password, so no message repeats it.
pub(crate) fn database_url(text: &str) -> Parsed<Secret> {
    let trimmed = text.trim();
    let rest = trimmed.strip_prefix("postgres://").or_else(|| trimmed.strip_prefix("postgresql://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Ok(Secret::new(trimmed))
        }
        _ => Err(Expected::that("expected an address such as postgres://refract:PASSWORD@db.example.org:5432/refract")),
    }
}

/// A key that a client sends: printable ASCII without spaces.
pub(crate) fn api_key(text: &str) -> Parsed<Secret> {
    let trimmed = text.trim();
    if trimmed.is_empty() || !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Expected::that("expected an API key of printable ASCII characters"));
    }
    Ok(Secret::new(trimmed))
}

/// A key the operator chose: as [`api_key`], and long enough not to be guessed.
pub(crate) fn chosen_api_key(text: &str) -> Parsed<Secret> {
    let key = api_key(text)?;
    if (16..=512).contains(&key.reveal().len()) {
        return Ok(key);
    }
    Err(Expected::that("expected an API key of 16 to 512 printable ASCII characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let cases = [("500ms", 500), ("90s", 90_000), ("24h", 86_400_000), ("7d", 604_800_000), ("1h30m", 5_400_000)];
        for (text, ms) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        assert_eq!(duration("2w"), duration("14d"));
        for text in
            ["", "7", "d", "7 days", "-1s", "1.5h", "30m1h", "1s1s", "99999999999999999999d", "500000000000000d"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_shows_as_it_reads() {
        for text in ["500ms", "90s", "15m", "1h", "7d"] {
            assert_eq!(duration(text).map(show_duration).as_deref(), Ok(text));
        }
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        let cases = [("65536", 65_536), ("1MiB", 1 << 20), ("2GiB", 2 << 30), ("2 gib", 2 << 30), ("1MB", 1_000_000)];
        for (text, bytes) in cases {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5GiB", "-1", "12 parsecs", "99999999999TiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_keep_their_bounds() {
        assert_eq!(count_between(1, 10)("10"), Ok(10));
        assert_eq!(count_between(1, 10_000_000)("5_000_000"), Ok(5_000_000));
        for text in ["0", "11", "", "-1", "1.0", "_1", "+1"] {
            assert!(count_between(1, 10)(text).is_err(), "{text}");
        }
        assert_eq!(count_or_off("off"), Ok(None));
        assert_eq!(count_or_off("0"), Ok(None));
        assert_eq!(count_or_off("2"), Ok(Some(2)));
        assert!(count_or_off("on").is_err());
    }

    #[test]
    fn addresses_need_a_port() {
        assert_eq!(listen_address("localhost:0").map(|a| a.to_string()).as_deref(), Ok("127.0.0.1:0"));
        assert!(listen_address("[::1]:8420").is_ok());
        for text in ["127.0.0.1", "8420", "example.org:80", ""] {
            assert!(listen_address(text).is_err(), "{text}");
        }
        assert_eq!(server_url("http://h:1/base/").as_deref(), Ok("http://h:1/base"));
        for text in ["h:1", "ftp://h", "http://", "http://a b"] {
            assert!(server_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_databases_address_is_a_url() {
        for text in ["postgres://u:p@h:5/d?sslmode=require", "postgresql:///d?host=/run/postgresql"] {
            assert!(database_url(text).is_ok_and(|secret| secret.reveal() == text), "{text}");
        }
        for text in ["host=h user=u", "mysql://h/d", "postgres://", "postgres://h/d e"] {
            assert!(database_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refused_key_is_not_repeated() {
        let refused = chosen_api_key("short-secret");
        assert!(refused.is_err_and(|Expected(text)| !text.contains("short-secret")));
        assert!(chosen_api_key("sixteen-chars-ok").is_ok());
        assert!(api_key("with space").is_err());
    }
}
