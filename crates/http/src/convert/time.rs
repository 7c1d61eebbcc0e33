//! Instants as the wire writes them: RFC 3339, UTC, milliseconds.

use refract_domain::clock::Timestamp;

/// `2026-07-01T10:00:00.120Z`. Instants outside the years 0 to 9999 are moved to the nearest one inside.
pub(crate) fn rfc3339(instant: Timestamp) -> String {
    const FIRST_MS: i64 = -62_167_219_200_000;
    const LAST_MS: i64 = 253_402_207_200_000;
    let millis = instant.0.clamp(FIRST_MS, LAST_MS);
    let timestamp = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{timestamp:.3}")
}

/// Reads an instant of RFC 3339, whatever its offset; parts of a millisecond are dropped.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|timestamp| Timestamp(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_decimals_and_end_in_z() {
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(Timestamp(1_782_900_000_120)), "2026-07-01T10:00:00.120Z");
        assert_eq!(rfc3339(Timestamp(1_782_900_000_007)), "2026-07-01T10:00:00.007Z");
    }

    #[test]
    fn instants_are_read_in_any_offset() {
        assert_eq!(instant("2026-07-01T12:00:00+02:00"), Some(Timestamp(1_782_900_000_000)));
        assert_eq!(instant("2026-07-01T10:00:00.1209Z"), Some(Timestamp(1_782_900_000_120)));
        assert_eq!(instant("yesterday"), None);
    }

    #[test]
    fn no_instant_is_too_far_away() {
        assert!(rfc3339(Timestamp(i64::MAX)).starts_with("9999-12-3"));
        assert_eq!(rfc3339(Timestamp(i64::MIN)), "0000-01-01T00:00:00.000Z");
    }
}
