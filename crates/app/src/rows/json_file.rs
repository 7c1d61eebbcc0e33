//! JSON files: an array of rows gets an envelope, a whole request body gets the options put in, both on the fly.

use std::io::{self, BufRead, Cursor, Read};

use super::{ImportBody, ImportOptions, RowFault};

type Text = Cursor<Vec<u8>>;

/// The body around a JSON file: what comes before it, the file, what comes after it.
pub(crate) struct JsonBody<R> {
    parts: io::Chain<io::Chain<Text, R>, Text>,
}

impl<R: BufRead> JsonBody<R> {
    /// Looks at the file's first character and decides what goes around it.
    ///
    /// Options are put in front of a body's own members: should it have options of its own, the server refuses the
    /// doubled name, and nothing is decided silently.
    pub(crate) fn new(mut file: R, options: &ImportOptions) -> Result<Self, RowFault> {
        let first = first_character(&mut file).map_err(|failure| RowFault(format!("it cannot be read: {failure}")))?;
        let options = options.to_json();
        let (head, tail) = match (first, options) {
            (Some(b'['), None) => ("{\"objects\":[".to_owned(), "}".to_owned()),
            (Some(b'['), Some(options)) => ("{\"objects\":[".to_owned(), format!(",\"options\":{options}}}")),
            (Some(b'{'), None) => ("{".to_owned(), String::new()),
            (Some(b'{'), Some(options)) => (format!("{{\"options\":{options},"), String::new()),
            _ => {
                return Err(RowFault(
                    "it is neither a JSON array of rows nor a request body {\"objects\": [...]}".into(),
                ));
            }
        };
        let parts = Cursor::new(head.into_bytes()).chain(file).chain(Cursor::new(tail.into_bytes()));
        Ok(Self { parts })
    }
}

/// Consumes white space, a byte order mark and the first character after them.
fn first_character(file: &mut impl BufRead) -> io::Result<Option<u8>> {
    const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
    loop {
        let Some(byte) = file.fill_buf()?.first().copied() else { return Ok(None) };
        file.consume(1);
        if !byte.is_ascii_whitespace() && !BYTE_ORDER_MARK.contains(&byte) {
            return Ok(Some(byte));
        }
    }
}

impl<R: BufRead> Read for JsonBody<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.parts.read(buffer)
    }
}

impl<R: BufRead> ImportBody for JsonBody<R> {
    fn fault(&self) -> Option<&RowFault> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(text: &str, dedupe_by: Option<&str>) -> String {
        let options = ImportOptions { dedupe_by: dedupe_by.map(str::to_owned), ..Default::default() };
        let mut read = String::new();
        JsonBody::new(text.as_bytes(), &options).unwrap().read_to_string(&mut read).unwrap();
        read
    }

    #[test]
    fn an_array_gets_an_envelope() {
        assert_eq!(body_of("\u{feff} [{}, {}]\n", None), "{\"objects\":[{}, {}]\n}");
        assert_eq!(body_of("[]", Some("email")), r#"{"objects":[],"options":{"dedupe_by":"email"}}"#);
    }

    #[test]
    fn a_body_passes_and_takes_options_in() {
        assert_eq!(body_of(r#" {"objects":[{}]}"#, None), r#"{"objects":[{}]}"#);
        assert_eq!(body_of(r#"{"objects":[]}"#, Some("email")), r#"{"options":{"dedupe_by":"email"},"objects":[]}"#);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "  ", "\"text\"", "email,name"] {
            assert!(JsonBody::new(text.as_bytes(), &ImportOptions::default()).is_err(), "{text}");
        }
    }
}
