//! Every rule of the decoder by example, in pieces of many sizes.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc, GzBuilder};

use super::*;

const LIMIT: u64 = 8 * 1024 * 1024;

fn decode_cut_by(
    encoding: Encoding,
    encoded: &[u8],
    limit: u64,
    piece_bytes: usize,
) -> (Vec<u8>, Result<(), DecodeError>) {
    let mut decoded = Vec::new();
    let mut decoder = ContentDecoder::new(encoding, limit).expect("memory");
    for piece in encoded.chunks(piece_bytes) {
        let pushed = decoder.push(piece, &mut |bytes: &[u8]| {
            assert!(!bytes.is_empty() && bytes.len() <= PIECE_BYTES_MAX);
            decoded.extend_from_slice(bytes);
            Ok::<(), DecodeError>(())
        });
        if let Err(error) = pushed {
            let again = decoder.push(b"", &mut |_: &[u8]| Ok(()));
            assert_eq!(again, Err(error.clone()), "an error must stay");
            assert_eq!(decoder.finish(), Err(error.clone()));
            return (decoded, Err(error));
        }
    }
    assert_eq!(decoder.decoded_bytes(), decoded.len() as u64);
    (decoded, decoder.finish())
}

fn decode(encoding: Encoding, encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let (decoded, result) = decode_cut_by(encoding, encoded, LIMIT, usize::MAX);
    for piece_bytes in [1, 2, 7, 1000] {
        assert_eq!(decode_cut_by(encoding, encoded, LIMIT, piece_bytes).1, result, "in pieces of {piece_bytes}");
    }
    result.map(|()| decoded)
}

fn refused(encoding: Encoding, encoded: &[u8]) -> &'static str {
    match decode(encoding, encoded) {
        Err(DecodeError::InvalidEncoding { reason, .. }) => reason,
        other => panic!("{:?}", other.map(|decoded| decoded.len())),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

/// Text that shrinks, but not to nothing: about 300 KiB, so that it takes several pieces of output.
fn text() -> Vec<u8> {
    (0..12_000_u64).flat_map(|line| format!("{{\"row\":{}}},", line.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

#[test]
fn each_encoding_gives_back_what_went_in() {
    for bytes in [Vec::new(), b"x".to_vec(), text()] {
        assert_eq!(decode(Encoding::Identity, &bytes).as_ref(), Ok(&bytes));
        assert_eq!(decode(Encoding::Gzip, &gzip(&bytes)).as_ref(), Ok(&bytes));
        assert_eq!(decode(Encoding::Zstd, &zstd_frame(&bytes)).as_ref(), Ok(&bytes));
    }
}

#[test]
fn several_members_or_frames_are_one_body() {
    let halves: (&[u8], &[u8]) = (b"{\"objects\":", b"[]}");
    let both = [halves.0, halves.1].concat();
    assert_eq!(decode(Encoding::Gzip, &[gzip(halves.0), gzip(b""), gzip(halves.1)].concat()).as_ref(), Ok(&both));
    let skippable = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
    let frames = [zstd_frame(halves.0), skippable, zstd_frame(halves.1)].concat();
    assert_eq!(decode(Encoding::Zstd, &frames).as_ref(), Ok(&both));
}

#[test]
fn optional_parts_of_a_gzip_header_are_read_over() {
    let with = |name: bool, comment: bool, extra: Option<usize>| {
        let mut builder = GzBuilder::new().mtime(1_700_000_000);
        if name {
            builder = builder.filename("rows.json");
        }
        if comment {
            builder = builder.comment("made by hand");
        }
        if let Some(length) = extra {
            builder = builder.extra(vec![0; length]);
        }
        let mut encoder = builder.write(Vec::new(), Compression::fast());
        encoder.write_all(b"{}").expect("memory");
        encoder.finish().expect("memory")
    };
    for name in [false, true] {
        for comment in [false, true] {
            for extra in [None, Some(0), Some(1), Some(300)] {
                let plain = with(name, comment, extra);
                assert_eq!(decode(Encoding::Gzip, &plain).as_deref(), Ok(&b"{}"[..]));
                let (checked, damaged) = with_header_checksum(&plain);
                assert_eq!(decode(Encoding::Gzip, &checked).as_deref(), Ok(&b"{}"[..]));
                let twice = checked.repeat(2);
                assert_eq!(decode(Encoding::Gzip, &twice).as_deref(), Ok(&b"{}{}"[..]));
                assert_eq!(refused(Encoding::Gzip, &damaged), "the checksum of a header does not match");
            }
        }
    }
}

/// Puts a checksum behind the header of a member whose data is `{}` in one short block; a right one, and a wrong one.
fn with_header_checksum(member: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
    deflated.write_all(b"{}").expect("memory");
    let data_and_trailer = deflated.finish().expect("memory").len() + 8;
    let (header, rest) = member.split_at(member.len() - data_and_trailer);
    let mut header = header.to_vec();
    header[3] |= 1 << 1;
    let mut crc = Crc::new();
    crc.update(&header);
    let sum = crc.sum() as u16;
    let assemble = |sum: u16| [header.as_slice(), &sum.to_le_bytes(), rest].concat();
    (assemble(sum), assemble(sum ^ 1))
}

#[test]
fn a_body_cut_off_anywhere_is_refused() {
    let bytes = b"{\"objects\":[1,2,3]}";
    for (encoding, encoded) in [(Encoding::Gzip, gzip(bytes)), (Encoding::Zstd, zstd_frame(bytes))] {
        for length in 0..encoded.len() {
            let reason = refused(encoding, &encoded[..length]);
            assert_eq!(reason, "it is cut off; send the whole body", "{encoding:?} cut to {length}");
        }
    }
}

#[test]
fn a_damaged_gzip_body_is_refused() {
    let good = gzip(&text());
    let length = good.len();
    let flipped = |place: usize| {
        let mut damaged = good.clone();
        damaged[place] ^= 1;
        damaged
    };
    for place in length - 8..length - 4 {
        assert_eq!(refused(Encoding::Gzip, &flipped(place)), "the checksum of the data does not match");
    }
    for place in length - 4..length {
        assert_eq!(refused(Encoding::Gzip, &flipped(place)), "the length of the data does not match");
    }
    for place in 0..3 {
        assert!(refused(Encoding::Gzip, &flipped(place)).starts_with("a member does not begin"));
    }
    let mut reserved_flag = good.clone();
    reserved_flag[3] |= 1 << 5;
    assert!(refused(Encoding::Gzip, &reserved_flag).starts_with("a member does not begin"));
    // Any flipped bit of the data must be noticed by one check or another.
    for place in (10..length - 8).step_by(length / 40) {
        refused(Encoding::Gzip, &flipped(place));
    }
    refused(Encoding::Gzip, b"{\"objects\":[]}");
}

#[test]
fn what_follows_the_last_member_or_frame_is_refused() {
    for tail in [&b"\0"[..], b"garbage", b"\x1f", b"\x1f\x8b", b"{}", b"\r\n"] {
        refused(Encoding::Gzip, &[gzip(b"{}").as_slice(), tail].concat());
        refused(Encoding::Zstd, &[zstd_frame(b"{}").as_slice(), tail].concat());
    }
}

#[test]
fn a_damaged_zstd_body_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("memory");
    encoder.include_checksum(true).expect("known parameter");
    encoder.write_all(&text()).expect("memory");
    let good = encoder.finish().expect("memory");
    for place in (0..4).chain((20..good.len()).step_by(good.len() / 40)).chain([good.len() - 1]) {
        let mut damaged = good.clone();
        damaged[place] ^= 1;
        refused(Encoding::Zstd, &damaged);
    }
    refused(Encoding::Zstd, b"{\"objects\":[]}");
}

#[test]
fn a_zstd_window_over_the_bound_is_refused_and_one_within_it_is_not() {
    let framed = |window_log| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(window_log).expect("known parameter");
        encoder.write_all(b"{}").expect("memory");
        encoder.finish().expect("memory")
    };
    assert_eq!(decode(Encoding::Zstd, &framed(23)).as_deref(), Ok(&b"{}"[..]));
    for window_log in [24, 27] {
        assert!(refused(Encoding::Zstd, &framed(window_log)).contains("window over 8 MiB"));
    }
}

/// Pushes a bomb and gives back how far decoding went and what stopped it. Nothing is collected.
fn explode(encoding: Encoding, bomb: &[u8], limit: u64) -> (u64, Option<DecodeError>) {
    let mut handed_out = 0;
    let mut decoder = ContentDecoder::new(encoding, limit).expect("memory");
    for piece in bomb.chunks(16 * 1024) {
        let pushed = decoder.push(piece, &mut |bytes: &[u8]| {
            assert!(bytes.len() <= PIECE_BYTES_MAX);
            handed_out += bytes.len() as u64;
            Ok(())
        });
        if let Err(error) = pushed {
            return (handed_out, Some(error));
        }
    }
    (handed_out, decoder.finish().err())
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    const EXPLODED: u64 = 64 * 1024 * 1024;
    let zeros = vec![0; 1024 * 1024];
    let mut gzip_bomb = GzEncoder::new(Vec::new(), Compression::best());
    let mut zstd_bomb = zstd::Encoder::new(Vec::new(), 3).expect("memory");
    for _ in 0..64 {
        gzip_bomb.write_all(&zeros).expect("memory");
        zstd_bomb.write_all(&zeros).expect("memory");
    }
    let bombs =
        [(Encoding::Gzip, gzip_bomb.finish().expect("memory")), (Encoding::Zstd, zstd_bomb.finish().expect("memory"))];
    for (encoding, bomb) in bombs {
        assert!((bomb.len() as u64) < EXPLODED / 500);
        let (handed_out, error) = explode(encoding, &bomb, LIMIT);
        let Some(DecodeError::TooLarge { limit, measured }) = error else { panic!("{error:?}") };
        assert!(handed_out <= LIMIT && limit == LIMIT);
        assert!(measured > LIMIT && measured <= LIMIT + PIECE_BYTES_MAX as u64);
        assert_eq!(explode(encoding, &bomb, EXPLODED), (EXPLODED, None), "exactly at the limit");
        assert!(matches!(explode(encoding, &bomb, EXPLODED - 1).1, Some(DecodeError::TooLarge { .. })));
    }
}

#[test]
fn the_limit_is_exact_for_plain_bodies() {
    let body = vec![b' '; 300_000];
    assert_eq!(decode_cut_by(Encoding::Identity, &body, 300_000, 100_000).1, Ok(()));
    let (decoded, result) = decode_cut_by(Encoding::Identity, &body, 299_999, 100_000);
    assert!(decoded.len() <= 299_999);
    assert_eq!(result, Err(DecodeError::TooLarge { limit: 299_999, measured: 300_000 }));
}

#[test]
fn encoded_bytes_that_never_decode_to_anything_are_stopped_too() {
    let endless_name = [&[0x1F, 0x8B, 8, FLAG_NAME, 0, 0, 0, 0, 0, 3][..], &vec![b'n'; 200_000]].concat();
    let empty_members = gzip(b"").repeat(10_000);
    let mut skippable = vec![0x50, 0x2A, 0x4D, 0x18, 0x40, 0x0D, 3, 0];
    skippable.resize(200_008, 0);
    for (encoding, body) in
        [(Encoding::Gzip, endless_name), (Encoding::Gzip, empty_members), (Encoding::Zstd, skippable)]
    {
        let (handed_out, error) = explode(encoding, &body, 1_000);
        assert_eq!(handed_out, 0);
        assert!(
            matches!(error, Some(DecodeError::TooLarge { limit: 1_000, measured }) if measured > 65_000),
            "{error:?}"
        );
    }
}

const FLAG_NAME: u8 = 1 << 3;

#[test]
fn an_error_of_the_taker_comes_through() {
    #[derive(Debug, PartialEq)]
    enum Failure {
        Decode(DecodeError),
        Taker,
    }
    impl From<DecodeError> for Failure {
        fn from(error: DecodeError) -> Self {
            Self::Decode(error)
        }
    }
    let mut decoder = ContentDecoder::new(Encoding::Gzip, LIMIT).expect("memory");
    assert_eq!(decoder.push(&gzip(&text()), &mut |_: &[u8]| Err(Failure::Taker)), Err(Failure::Taker));
    let mut damaged = ContentDecoder::new(Encoding::Gzip, LIMIT).expect("memory");
    let pushed = damaged.push(b"not gzip", &mut |_: &[u8]| Err(Failure::Taker));
    assert!(matches!(pushed, Err(Failure::Decode(DecodeError::InvalidEncoding { encoding: "gzip", .. }))));
}

#[test]
fn the_header_is_read_by_name() {
    for (value, encoding) in [
        ("identity", Encoding::Identity),
        ("", Encoding::Identity),
        ("gzip", Encoding::Gzip),
        ("GZip", Encoding::Gzip),
        ("x-gzip", Encoding::Gzip),
        (" zstd ", Encoding::Zstd),
        ("ZSTD", Encoding::Zstd),
    ] {
        assert_eq!(Encoding::from_header(value.as_bytes()), Ok(encoding), "{value}");
    }
    for value in ["br", "compress", "deflate", "gzip, zstd", "gzip,", "identity, gzip", "gzip;q=1", "*", "g zip"] {
        assert_eq!(Encoding::from_header(value.as_bytes()), Err(DecodeError::Unsupported { given: value.to_owned() }));
    }
    assert!(
        matches!(Encoding::from_header(&[0xFF; 500]), Err(DecodeError::Unsupported { given }) if given.len() <= 200)
    );
}
