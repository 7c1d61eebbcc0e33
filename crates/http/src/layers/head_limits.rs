//! What a request's head may hold. The connection takes in somewhat more, so that what is over a limit gets an answer
//! with words.

use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::error::ApiError;
use crate::settings::HttpSettings;

/// Checks the head of a request against the limits.
pub(crate) fn check(parts: &Parts, settings: &HttpSettings) -> Result<(), ApiError> {
    check_uri(parts, settings.uri_bytes_max)?;
    check_headers(&parts.headers, settings)?;
    check_transfer_encoding(&parts.headers)?;
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err(ApiError::method_not_allowed("GET, HEAD, POST, PATCH, DELETE"));
    }
    Ok(())
}

fn check_uri(parts: &Parts, limit: usize) -> Result<(), ApiError> {
    let measured = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if measured <= limit {
        return Ok(());
    }
    let message = format!("Path and query have {measured} bytes, and {limit} are allowed.");
    Err(closing(ApiError::new(StatusCode::URI_TOO_LONG, "uri_too_long", message)))
}

fn check_headers(headers: &HeaderMap, settings: &HttpSettings) -> Result<(), ApiError> {
    let (count, limit) = (headers.len(), settings.headers_max);
    if count > limit {
        return Err(headers_too_large(format!("The request has {count} headers, and {limit} are allowed.")));
    }
    // As on the wire: a colon, a space and a line end each.
    let measured: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let limit = settings.header_bytes_max;
    if measured > limit {
        return Err(headers_too_large(format!("The headers have {measured} bytes, and {limit} are allowed.")));
    }
    Ok(())
}

fn headers_too_large(message: String) -> ApiError {
    closing(ApiError::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", message))
}

/// Two readers that understand the framing of a request differently are how requests are smuggled: only the one plain
/// form is taken.
fn check_transfer_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut values = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(value) = values.next() else { return Ok(()) };
    if values.next().is_none() && value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    Err(closing(ApiError::bad_request("Transfer-Encoding takes `chunked`, once, and nothing else.")))
}

/// After such a head nothing on the connection can be trusted.
fn closing(error: ApiError) -> ApiError {
    error.with_header(CONNECTION, HeaderValue::from_static("close"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn status_of(request: http::request::Builder) -> Option<u16> {
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        check(&parts, &HttpSettings::default()).err().map(|error| error.status().as_u16())
    }

    #[test]
    fn each_limit_is_met_exactly() {
        let uri_of = |bytes: usize| format!("/{}", "a".repeat(bytes - 1));
        assert_eq!(status_of(Request::get(uri_of(8_192))), None);
        assert_eq!(status_of(Request::get(uri_of(8_193))), Some(414));

        let with_headers =
            |count: usize| (0..count).fold(Request::get("/"), |request, n| request.header(format!("h{n}"), "v"));
        assert_eq!(status_of(with_headers(100)), None);
        assert_eq!(status_of(with_headers(101)), Some(431));

        let with_bytes = |bytes: usize| Request::get("/").header("h", "v".repeat(bytes - 5));
        assert_eq!(status_of(with_bytes(16_384)), None);
        assert_eq!(status_of(with_bytes(16_385)), Some(431));
    }

    #[test]
    fn only_plain_chunked_is_a_transfer_encoding() {
        assert_eq!(status_of(Request::post("/").header("transfer-encoding", "Chunked")), None);
        for bad in ["identity, chunked", "gzip", "chunked, chunked", ""] {
            assert_eq!(status_of(Request::post("/").header("transfer-encoding", bad)), Some(400), "{bad}");
        }
        let twice = Request::post("/").header("transfer-encoding", "chunked").header("transfer-encoding", "chunked");
        assert_eq!(status_of(twice), Some(400));
    }

    #[test]
    fn tunnels_and_echoes_are_not_offered() {
        assert_eq!(status_of(Request::builder().method("TRACE").uri("/healthz")), Some(405));
        assert_eq!(status_of(Request::builder().method("CONNECT").uri("example.com:443")), Some(405));
    }
}
