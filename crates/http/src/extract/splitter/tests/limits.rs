//! Limits are exact, and memory is bounded.

use super::*;

#[test]
fn rows_may_be_as_deep_as_they_are_long_and_options_may_not() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(rows_of(&format!(r#"{{"objects":[{}]}}"#, nested(512))), [nested(512)]);
    assert_eq!(
        options_of(&format!(r#"{{"options":{},"objects":[]}}"#, nested(OPTIONS_DEPTH_MAX))),
        Some(nested(OPTIONS_DEPTH_MAX))
    );
    let too_deep = format!(r#"{{"options":{},"objects":[]}}"#, nested(OPTIONS_DEPTH_MAX + 1));
    let place = 11 + OPTIONS_DEPTH_MAX as u64;
    assert_eq!(invalid_json(too_deep), (place, JsonFault::TooDeep { limit: OPTIONS_DEPTH_MAX }));

    let deep = nested(512 * 1024);
    let limits = SplitLimits { row_bytes_max: deep.len(), ..LIMITS };
    let (rows, envelope) = split_cut_by(format!("{{\"objects\":[{deep}]}}").as_bytes(), limits, 64 * 1024);
    assert!(envelope.is_ok() && rows == [deep]);
}

#[test]
fn one_row_more_than_allowed_is_refused() {
    let limits = SplitLimits { rows_max: 3, ..LIMITS };
    assert_eq!(split_with(br#"{"objects":[1,2,3]}"#, limits).1.expect("at the limit").rows, 3);
    let (rows, error) = split_with(br#"{"objects":[1,2,3,4]}"#, limits);
    assert_eq!(rows, ["1", "2", "3"]);
    assert_eq!(error, Err(SplitError::TooManyRows { limit: 3, measured: 4 }));
}

#[test]
fn one_byte_more_than_a_row_may_have_is_refused_with_the_row() {
    let limits = SplitLimits { row_bytes_max: 8, ..LIMITS };
    for row in ["12345678", "\"123456\"", "[1,2,34]", "{\"a\":\"\"}"] {
        for end in ["", " ", ",1"] {
            let (rows, envelope) = split_with(format!("{{\"objects\":[0, {row}{end}]}}").as_bytes(), limits);
            assert!(envelope.is_ok(), "{row}");
            assert_eq!(rows[1], row);
        }
    }
    for row in ["123456789", "\"1234567\"", "[1,2,345]", "[1,     2]", "\"1234567890123456789"] {
        let (rows, error) = split_with(format!("{{\"objects\":[0, {row}]}}").as_bytes(), limits);
        assert_eq!(rows, ["0"]);
        assert_eq!(error, Err(SplitError::RowTooLarge { limit: 8, measured: 9, row: 1 }));
    }
}

#[test]
fn one_byte_more_than_options_may_have_is_refused() {
    let limits = SplitLimits { options_bytes_max: 8, ..LIMITS };
    assert!(split_with(br#"{"options":{"a": 1},"objects":[]}"#, limits).1.is_ok());
    for body in [&br#"{"options":{"a": 12},"objects":[]}"#[..], br#"{"objects":[],"options":{"a":        1}}"#] {
        assert_eq!(split_with(body, limits).1, Err(SplitError::OptionsTooLarge { limit: 8, measured: 9 }));
    }
}

#[test]
fn a_row_that_lies_whole_in_a_piece_is_not_copied() {
    let body = br#"{"objects":[{"a":1},{"b":2}]}"#;
    let within = body.as_ptr_range();
    let mut rows = 0;
    let pushed = Splitter::new(LIMITS).push(body, &mut |row: &[u8]| {
        rows += 1;
        assert!(within.contains(&row.as_ptr()));
    });
    assert_eq!((pushed, rows), (Ok(()), 2));
}

#[test]
fn white_space_without_end_is_not_kept() {
    let spaces = vec![b' '; 64 * 1024];
    let mut splitter = Splitter::new(LIMITS);
    let mut rows = 0;
    for part in [&b"{"[..], b"\"objects\"", b":", b"[", b"1", b",", b"2", b"]", b"}"] {
        for _ in 0..100 {
            splitter.push(&spaces, &mut |_: &[u8]| rows += 1).expect("white space");
        }
        splitter.push(part, &mut |_: &[u8]| rows += 1).expect("valid");
        assert!(splitter.capture.held_bytes() < 1024, "{} bytes held", splitter.capture.held_bytes());
    }
    assert_eq!(splitter.finish().expect("valid").rows, 2);
}
