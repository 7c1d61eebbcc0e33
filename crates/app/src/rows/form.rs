//! A file as it is sent: one part of a form, behind the options.

use std::io::{self, Cursor, Read};

use super::{FileKind, ImportBody, ImportOptions, RowFault};

/// What stands before the file, the file, and what stands behind it.
type Parts<R> = io::Chain<io::Chain<Cursor<Vec<u8>>, R>, Cursor<Vec<u8>>>;

/// A form with the options, if any were chosen, and the file.
pub(crate) struct FormBody<R> {
    parts: Parts<R>,
    boundary: String,
    wants_job: bool,
    fault: Option<RowFault>,
}

impl<R: Read> FormBody<R> {
    /// Wraps the bytes of a file. `boundary` is a text that the file does not hold: random, and long.
    pub(crate) fn new(file: R, kind: FileKind, options: &ImportOptions, boundary: &str) -> Self {
        let mut start = Vec::new();
        if let Some(options) = options.to_json() {
            let head = "Content-Disposition: form-data; name=\"options\"\r\nContent-Type: application/json";
            start.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n{options}\r\n").as_bytes());
        }
        // The file's own name stays here: it may tell more than its owner wants.
        let (name, media_type) = (kind.extension(), kind.media_type());
        let head = format!(
            "Content-Disposition: form-data; name=\"file\"; filename=\"file.{name}\"\r\nContent-Type: {media_type}"
        );
        start.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        let end = format!("\r\n--{boundary}--\r\n").into_bytes();
        Self {
            parts: Cursor::new(start).chain(file).chain(Cursor::new(end)),
            boundary: boundary.to_owned(),
            wants_job: false,
            fault: None,
        }
    }
}

impl<R> FormBody<R> {
    /// The same, to become a job however small it is, if that is wanted.
    pub(crate) fn wanting_job(self, wants_job: bool) -> Self {
        Self { wants_job, ..self }
    }
}

impl<R: Read> Read for FormBody<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.parts.read(buffer).inspect_err(|failure| {
            if failure.kind() != io::ErrorKind::Interrupted {
                self.fault = Some(RowFault(format!("it cannot be read: {failure}")));
            }
        })
    }
}

impl<R: Read> ImportBody for FormBody<R> {
    fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    fn wants_job(&self) -> bool {
        self.wants_job
    }

    fn fault(&self) -> Option<&RowFault> {
        self.fault.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_the_options_and_the_file_as_it_is() {
        let options = ImportOptions { dedupe_by: Some("email".into()), ..Default::default() };
        let mut body = FormBody::new(&b"a,b\r\n1,2"[..], FileKind::Csv, &options, "B0");
        let mut text = String::new();
        body.read_to_string(&mut text).unwrap();
        let expected = "--B0\r\nContent-Disposition: form-data; name=\"options\"\r\nContent-Type: application/json\r\n\r\n\
                        {\"dedupe_by\":\"email\"}\r\n--B0\r\nContent-Disposition: form-data; name=\"file\"; \
                        filename=\"file.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n--B0--\r\n";
        assert_eq!(text, expected);
        assert_eq!(body.content_type(), "multipart/form-data; boundary=B0");
    }

    #[test]
    fn a_file_that_breaks_off_is_told() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let mut body = FormBody::new(Broken, FileKind::Tsv, &ImportOptions::default(), "B0");
        assert!(body.read_to_end(&mut Vec::new()).is_err());
        assert!(body.fault().is_some_and(|fault| fault.0.contains("the disk is gone")));
    }
}
