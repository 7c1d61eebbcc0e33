//! Who asks, and whether they may: the first thing every route under a team does, before any body is read.
//!
//! The one place where a [`Caller`] is made from a request (design.md §4): key, then team, then rate, then access.

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use refract_engine::{Access, Caller};
use sha2::{Digest, Sha256};

use super::path::ApiPath;
use crate::error::ApiError;
use crate::layers::RequestFacts;
use crate::layers::refused_keys::PeerAddress;
use crate::state::Api;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Lets a request in that has a key of the path's team with the access that the route needs.
///
/// Unknown and revoked keys, other teams and paths without a team's id are answered alike, also where one
/// address has too many of them, so that an answer tells nothing of what there is. A key is found by its SHA-256: whoever measures the time of the search learns about the
/// hash of a guess, from which no key can be built up piece by piece.
pub(crate) async fn admit(api: &Api, parts: &Parts, path: &ApiPath, needs: Access) -> Result<Caller, ApiError> {
    let presented = presented_key(&parts.headers)?;
    let found = api.engine.find_key(Sha256::digest(presented).into()).await?;
    let refused = || api.refused_keys.refuse(parts.extensions.get::<PeerAddress>().copied());
    let key = found.filter(|key| key.revoked_at.is_none()).ok_or_else(refused)?;
    if let Some(facts) = parts.extensions.get::<Arc<RequestFacts>>() {
        facts.note_key(key.id);
    }
    if path.team_id() != Some(key.team_id) {
        return Err(refused());
    }
    api.rate_limits.check(key.id)?;
    if needs == Access::Write && key.access != Access::Write {
        let message = "The API key may read only. Use one that may write.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message));
    }
    Ok(Caller { team_id: key.team_id, key_id: key.id, access: key.access })
}

/// The text of the key; 401 when there is none, or when it cannot be said which of several is meant.
fn presented_key(headers: &HeaderMap) -> Result<&[u8], ApiError> {
    let mut values = headers.get_all(X_API_KEY).iter().map(HeaderValue::as_bytes).map(<[u8]>::trim_ascii);
    match (values.next(), values.next()) {
        (Some(key), None) if !key.is_empty() => Ok(key),
        _ => {
            let message = "Send the API key, once, in the header x-api-key.";
            Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_that_is_not_blank_is_taken() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(X_API_KEY, HeaderValue::from_static(value));
            }
            presented_key(&headers).ok().map(<[u8]>::to_vec)
        };
        assert_eq!(of(&[" rk_x "]), Some(b"rk_x".to_vec()));
        for none in [&[][..], &[""], &["   "], &["a", "b"]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }
}
