//! Bodies and parts of bodies that many cases share.

use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};

use super::case::{CANARY, Input, World};

/// The property that good rows of a type fill.
pub(crate) fn name_slug(object_type: &str) -> &'static str {
    match object_type {
        "contact" | "identity" => "full_name",
        _ => "name",
    }
}

/// A good row.
pub(crate) fn good_row(object_type: &str) -> String {
    format!(r#"{{"default":{{"{}":"{CANARY}"}}}}"#, name_slug(object_type))
}

/// An import of these rows.
pub(crate) fn import_of(rows: &[String]) -> String {
    format!(r#"{{"objects":[{}]}}"#, rows.join(","))
}

/// An import of these rows with options.
pub(crate) fn import_with(rows: &[String], options: &str) -> String {
    format!(r#"{{"objects":[{}],"options":{options}}}"#, rows.join(","))
}

/// An import of one good contact.
pub(crate) fn good_body() -> String {
    import_of(&[good_row("contact")])
}

/// An import of good contacts with options.
pub(crate) fn good_body_with(options: &str) -> String {
    import_with(&[good_row("contact")], options)
}

/// An import of so many good contacts.
pub(crate) fn body_of_rows(count: usize) -> String {
    import_of(&vec![good_row("contact"); count])
}

/// One input a body, each sent as an import of contacts.
pub(crate) fn import_inputs(world: &World, bodies: Vec<(&str, Vec<u8>)>) -> Vec<Input> {
    let client = world.client();
    let input = |(label, body)| Input::new(label, client.import_request("contact", body).bytes());
    bodies.into_iter().map(input).collect()
}

/// The same for texts, which name themselves.
pub(crate) fn text_inputs(world: &World, bodies: &[String]) -> Vec<Input> {
    let short = |body: &str| body.chars().take(80).collect::<String>();
    let client = world.client();
    bodies.iter().map(|body| Input::new(short(body), client.import_request("contact", body).bytes())).collect()
}

/// One input for each text of options.
pub(crate) fn options_inputs(world: &World, options: &[&str]) -> Vec<Input> {
    let client = world.client();
    let input = |text: &&str| Input::new(*text, client.import_request("contact", good_body_with(text)).bytes());
    options.iter().map(input).collect()
}

/// The bytes as one gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// A gzip member of about a thousandth of `decoded_mebibytes`: an import whose rows are preceded by spaces. It never
/// ends, since nobody should read that far.
pub(crate) fn gzip_bomb(decoded_mebibytes: usize) -> Vec<u8> {
    const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut bomb = GZIP_HEADER.to_vec();
    bomb.extend(flushed_block(br#"{"objects":["#));
    let spaces = flushed_block(&vec![b' '; 1 << 20]);
    for _ in 0..decoded_mebibytes {
        bomb.extend_from_slice(&spaces);
    }
    bomb
}

/// A block that needs nothing of what stands before it, so that it can be repeated.
fn flushed_block(bytes: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(64 << 10);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(bytes, &mut block, FlushCompress::Full).expect("memory takes all");
    assert_eq!(compress.total_in(), bytes.len() as u64, "the block has room");
    block
}
