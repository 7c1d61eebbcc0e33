//! The `Idempotency-Key` of a request, and the fingerprint of what the request says (import-semantics, Idempotency).

use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, Method};
use refract_engine::{Caller, Engine, IdempotencyClaim, KeyReservation};

use crate::error::ApiError;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_CHARACTERS_MAX: usize = 255;

/// A key that is held for one request, while its body is read.
pub(crate) struct HeldKey {
    key: String,
    reservation: KeyReservation,
    fingerprint: Fingerprint,
}

/// A key with the fingerprint of the whole request.
pub(crate) struct ClaimedKey {
    pub(crate) claim: IdempotencyClaim,
    pub(crate) reservation: KeyReservation,
}

impl HeldKey {
    /// Holds the request's key, when it has one; 409 while another request with it is under way.
    pub(crate) fn hold(engine: &Engine, caller: &Caller, parts: &Parts) -> Result<Option<Self>, ApiError> {
        let Some(key) = key_of(&parts.headers)? else { return Ok(None) };
        let reservation = engine.reserve_key(caller, key).ok_or_else(ApiError::idempotency_key_in_progress)?;
        let said = parts.uri.path_and_query().map_or(parts.uri.path(), |said| said.as_str());
        let fingerprint = Fingerprint::begin(&parts.method, said);
        Ok(Some(Self { key: key.to_owned(), reservation, fingerprint }))
    }

    /// Takes decoded bytes of the body into the fingerprint.
    pub(crate) fn note(&mut self, decoded: &[u8]) {
        self.fingerprint.note(decoded);
    }

    /// The claim, once the whole body was noted.
    pub(crate) fn claim(self) -> ClaimedKey {
        let claim = IdempotencyClaim { key: self.key, fingerprint: self.fingerprint.finish() };
        ClaimedKey { claim, reservation: self.reservation }
    }
}

/// The key as sent: 1 to 255 printable ASCII characters, in one header.
fn key_of(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused("stands twice; send one"));
    }
    let key = value.to_str().ok().filter(|key| key.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    let Some(key) = key else {
        return Err(refused("may hold printable ASCII characters only"));
    };
    match key.len() {
        1..=KEY_CHARACTERS_MAX => Ok(Some(key)),
        length => Err(refused(&format!("has {length} characters; it must have 1 to {KEY_CHARACTERS_MAX}"))),
    }
}

fn refused(what: &str) -> ApiError {
    ApiError::invalid_field(".header.Idempotency-Key", format!("The Idempotency-Key {what}."))
}

/// A hash of method, path with its query, and decoded body.
struct Fingerprint(Box<blake3::Hasher>);

impl Fingerprint {
    fn begin(method: &Method, path: &str) -> Self {
        let mut hasher = Box::new(blake3::Hasher::new());
        for part in [method.as_str(), path] {
            // The length in front keeps the parts apart.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher)
    }

    fn note(&mut self, decoded: &[u8]) {
        self.0.update(decoded);
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).expect("a header"));
        }
        key_of(&headers).map(|key| key.map(str::to_owned)).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn keys_have_1_to_255_printable_characters() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"k"]), Ok(Some("k".into())));
        assert_eq!(read(&[&[b'k'; 255]]), Ok(Some("k".repeat(255))));
        for bad in [&[&b""[..]][..], &[&[b'k'; 256]], &[b"a\tb"], &["é".as_bytes()], &[b"a", b"a"]] {
            assert_eq!(read(bad), Err(400), "{bad:?}");
        }
    }

    #[test]
    fn any_difference_gives_another_fingerprint() {
        let of = |method: Method, path: &str, pieces: &[&[u8]]| {
            let mut fingerprint = Fingerprint::begin(&method, path);
            pieces.iter().for_each(|piece| fingerprint.note(piece));
            fingerprint.finish()
        };
        let first = of(Method::POST, "/a", &[b"body"]);
        assert_eq!(first, of(Method::POST, "/a", &[b"bo", b"", b"dy"]));
        assert_ne!(first, of(Method::PATCH, "/a", &[b"body"]));
        assert_ne!(first, of(Method::POST, "/ab", &[b"ody"]));
        assert_ne!(first, of(Method::POST, "/a", &[b"body "]));
    }
}
