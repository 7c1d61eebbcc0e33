//! Every rule of the splitter by example. All bodies are split whole and cut after every byte.

mod envelope;
mod grammar;
mod limits;
mod random;

use super::*;

const LIMITS: SplitLimits = SplitLimits { rows_max: 100, row_bytes_max: 1024, options_bytes_max: 256 };

fn split_cut_by(body: &[u8], limits: SplitLimits, piece_bytes: usize) -> (Vec<String>, Result<Envelope, SplitError>) {
    let mut rows = Vec::new();
    let mut splitter = Splitter::new(limits);
    for piece in body.chunks(piece_bytes) {
        let pushed = splitter.push(piece, &mut |row: &[u8]| rows.push(String::from_utf8(row.to_vec()).expect("UTF-8")));
        if let Err(error) = pushed {
            return (rows, Err(error));
        }
    }
    (rows, splitter.finish())
}

fn split_with(body: &[u8], limits: SplitLimits) -> (Vec<String>, Result<Envelope, SplitError>) {
    let whole = split_cut_by(body, limits, usize::MAX);
    for piece_bytes in 1..=9 {
        assert_eq!(split_cut_by(body, limits, piece_bytes), whole, "in pieces of {piece_bytes}");
    }
    whole
}

fn rows_of(body: &str) -> Vec<String> {
    let (rows, envelope) = split_with(body.as_bytes(), LIMITS);
    assert_eq!(envelope.expect(body).rows, rows.len() as u64);
    rows
}

fn options_of(body: &str) -> Option<String> {
    let envelope = split_with(body.as_bytes(), LIMITS).1.expect(body);
    envelope.options.map(|options| String::from_utf8(options).expect("UTF-8"))
}

fn error_of(body: impl AsRef<[u8]>) -> SplitError {
    let body = body.as_ref();
    split_with(body, LIMITS).1.expect_err(&String::from_utf8_lossy(body))
}

fn invalid_json(body: impl AsRef<[u8]>) -> (u64, JsonFault) {
    match error_of(&body) {
        SplitError::InvalidJson { offset, fault } => (offset, fault),
        other => panic!("{other:?} for {}", String::from_utf8_lossy(body.as_ref())),
    }
}

fn invalid_request(body: &str) -> (u64, RequestFault) {
    match error_of(body) {
        SplitError::InvalidRequest { offset, fault } => (offset, fault),
        other => panic!("{other:?} for {body}"),
    }
}
