//! A file on its way in: the whole body of a request, or one part of a form. What it is packed in comes off here.
//!
//! Must not know what the file holds: plain bytes leave here.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::body::BodyReader;
use super::decode::{ContentDecoder, Encoding};
use crate::error::ApiError;

/// The most bytes in a part that is not the file.
const FIELD_BYTES_MAX: u64 = 64 << 10;

/// What the bytes of a packed file begin with.
const PACKINGS: [(&[u8], Encoding); 2] = [(&[0x1f, 0x8b], Encoding::Gzip), (&[0x28, 0xb5, 0x2f, 0xfd], Encoding::Zstd)];
const MAGIC_BYTES_MAX: usize = 4;

/// A file's bytes, in pieces.
pub(crate) enum FileBytes {
    /// The body is the file.
    Body(BodyReader),
    /// The file is a part of a form.
    Part(Field<'static>),
}

impl FileBytes {
    /// The next bytes; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        match self {
            Self::Body(reader) => reader.next().await,
            Self::Part(field) => field.chunk().await.map_err(form_error),
        }
    }
}

/// A form, part by part.
pub(crate) struct Form(Multipart<'static>);

/// A part of a form.
pub(crate) enum FormPart {
    /// The file: its name, its type, and its bytes.
    File { file_name: Option<String>, content_type: Option<String>, bytes: Box<FileBytes> },
    /// A field and its text.
    Field { name: String, text: String },
}

impl Form {
    /// The form in a body.
    pub(crate) fn new(reader: BodyReader, boundary: String) -> Self {
        // The body's own limit is the reader's affair; a field is only read where one of its size is expected.
        let limit = SizeLimit::new().for_field("options", FIELD_BYTES_MAX);
        Self(Multipart::with_constraints(pieces(reader), boundary, Constraints::new().size_limit(limit)))
    }

    /// The next part; `None` after the last. The part before must have been read or let go.
    pub(crate) async fn next(&mut self) -> Result<Option<FormPart>, ApiError> {
        let Some(field) = self.0.next_field().await.map_err(form_error)? else { return Ok(None) };
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let (file_name, content_type) =
                (field.file_name().map(str::to_owned), field.content_type().map(ToString::to_string));
            return Ok(Some(FormPart::File { file_name, content_type, bytes: Box::new(FileBytes::Part(field)) }));
        }
        let text = read_field(field, &name).await?;
        Ok(Some(FormPart::Field { name, text }))
    }
}

async fn read_field(mut field: Field<'static>, name: &str) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(form_error)? {
        text.extend_from_slice(&piece);
        if text.len() as u64 > FIELD_BYTES_MAX {
            let message = format!("The part {name:?} is longer than {FIELD_BYTES_MAX} bytes; only \"file\" may be.");
            return Err(ApiError::payload_too_large(message));
        }
    }
    String::from_utf8(text).map_err(|_| ApiError::invalid_request(format!("The part {name:?} is not UTF-8.")))
}

/// The body as a stream. An error of ours travels through the parser of forms and comes out as it went in.
fn pieces(reader: BodyReader) -> impl Stream<Item = Result<Bytes, Carried>> + Send + 'static {
    stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(Carried(error)), None)),
        }
    })
}

/// An [`ApiError`] on its way through the parser of forms.
#[derive(Debug, thiserror::Error)]
#[error("the body could not be read")]
struct Carried(ApiError);

fn form_error(error: multer::Error) -> ApiError {
    if let multer::Error::StreamReadFailed(inner) = &error
        && let Some(Carried(ours)) = inner.downcast_ref::<Carried>()
    {
        return ours.clone();
    }
    match error {
        multer::Error::FieldSizeExceeded { limit, field_name } => {
            let name = field_name.unwrap_or_default();
            ApiError::payload_too_large(format!(
                "The part {name:?} is longer than {limit} bytes; only \"file\" may be."
            ))
        }
        other => ApiError::new(
            http::StatusCode::BAD_REQUEST,
            "invalid_form",
            format!("The body is no whole multipart/form-data: {other}. Send it again, whole."),
        ),
    }
}

/// Takes a file out of what it is packed in, which its first bytes tell.
pub(crate) struct Unpacker {
    bytes_max: u64,
    start: Vec<u8>,
    decoder: Option<ContentDecoder>,
}

impl Unpacker {
    /// An unpacker at the beginning of a file that may have `bytes_max` bytes once unpacked.
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self { bytes_max, start: Vec::new(), decoder: None }
    }

    /// Takes the next bytes and hands on what they unpack to.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(&[u8]) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        if let Some(decoder) = &mut self.decoder {
            return decoder.push(bytes, out);
        }
        self.start.extend_from_slice(bytes);
        if self.start.len() < MAGIC_BYTES_MAX { Ok(()) } else { self.begin(out) }
    }

    /// Ends the file: 400 when it is cut off inside its packing.
    pub(crate) fn finish(mut self, out: &mut impl FnMut(&[u8]) -> Result<(), ApiError>) -> Result<(), ApiError> {
        if self.decoder.is_none() {
            self.begin(out)?;
        }
        self.decoder.map_or(Ok(()), |decoder| Ok(decoder.finish()?))
    }

    fn begin(&mut self, out: &mut impl FnMut(&[u8]) -> Result<(), ApiError>) -> Result<(), ApiError> {
        let start = std::mem::take(&mut self.start);
        let packing = PACKINGS.iter().find(|(magic, _)| start.starts_with(magic));
        let encoding = packing.map_or(Encoding::Identity, |(_, encoding)| *encoding);
        self.decoder.insert(ContentDecoder::new(encoding, self.bytes_max)?).push(&start, out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::body::Body;

    use super::*;
    use crate::settings::HttpSettings;

    fn unpacked(pieces: &[&[u8]], bytes_max: u64) -> Result<Vec<u8>, u16> {
        let mut whole = Vec::new();
        let mut out = |bytes: &[u8]| {
            whole.extend_from_slice(bytes);
            Ok(())
        };
        let mut unpacker = Unpacker::new(bytes_max);
        let read = pieces.iter().try_for_each(|piece| unpacker.push(piece, &mut out));
        read.and_then(|()| unpacker.finish(&mut out)).map_err(|error| error.status().as_u16())?;
        Ok(whole)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn a_file_comes_out_of_its_packing_whatever_the_pieces() {
        let text = b"name,email\nAda,ada@example.org\n";
        let zstd = zstd::encode_all(&text[..], 1).expect("memory");
        for packed in [text.to_vec(), gzip(text), zstd] {
            let single: Vec<&[u8]> = packed.chunks(1).collect();
            assert_eq!(unpacked(&single, 100).as_deref(), Ok(&text[..]));
            assert_eq!(unpacked(&[&packed], 100).as_deref(), Ok(&text[..]));
        }
        assert_eq!(unpacked(&[], 100).as_deref(), Ok(&b""[..]));
        assert_eq!(unpacked(&[b"ab"], 100).as_deref(), Ok(&b"ab"[..]));
    }

    #[test]
    fn the_limit_is_that_of_the_unpacked_file_and_a_cut_is_seen() {
        let packed = gzip(&[b'x'; 1_000]);
        assert_eq!(unpacked(&[&packed], 999), Err(413));
        assert_eq!(unpacked(&[&packed[..packed.len() - 1]], 1_000), Err(400));
    }

    fn form(body: &str) -> Form {
        let reader =
            BodyReader::new(Body::from(body.to_owned()), Encoding::Identity, 1 << 20, &HttpSettings::default());
        Form::new(reader.expect("a reader"), "B".to_owned())
    }

    #[tokio::test]
    async fn a_form_gives_its_fields_and_its_file() {
        let mut form = form(
            "--B\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\"a\":1}\r\n\
             --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n\r\n--B--\r\n",
        );
        let Ok(Some(FormPart::Field { name, text })) = form.next().await else { panic!("a field") };
        assert_eq!((name.as_str(), text.as_str()), ("options", "{\"a\":1}"));
        let Ok(Some(FormPart::File { file_name, content_type, mut bytes })) = form.next().await else {
            panic!("a file")
        };
        assert_eq!((file_name.as_deref(), content_type.as_deref()), (Some("p.csv"), Some("text/csv")));
        let mut whole = Vec::new();
        while let Some(piece) = bytes.next().await.expect("bytes") {
            whole.extend_from_slice(&piece);
        }
        assert_eq!(whole, b"a,b\r\n1,2\r\n");
        drop(bytes);
        assert!(matches!(form.next().await, Ok(None)));
    }

    #[tokio::test]
    async fn a_form_that_is_cut_off_or_swollen_is_refused() {
        let cut = "--B\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\"a\"";
        assert_eq!(form(cut).next().await.err().map(|error| error.status().as_u16()), Some(400));
        let long =
            format!("--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{}\r\n--B--\r\n", "x".repeat(70_000));
        assert_eq!(form(&long).next().await.err().map(|error| error.status().as_u16()), Some(413));
    }
}
