//! In which of the forms that a route has the caller wants its answer (RFC 9110 §12.5.1).

use http::header::{ACCEPT, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::error::ApiError;

/// The form that the caller likes best; of equals, and where nothing is said, the earliest in `forms`, which are named by
/// their media types.
pub(crate) fn preferred<T: Copy>(headers: &HeaderMap, forms: &[(&'static str, T)]) -> Result<T, ApiError> {
    let values: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<_> = values.iter().flat_map(|value| value.split(',')).filter_map(range).collect();
    let nothing_said = headers.get_all(ACCEPT).iter().all(HeaderValue::is_empty);
    let mut best: Option<(u16, T)> = None;
    for (media_type, form) in forms {
        let liking = if nothing_said { 1_000 } else { liking(&ranges, media_type) };
        if liking > 0 && best.is_none_or(|(so_far, _)| liking > so_far) {
            best = Some((liking, *form));
        }
    }
    best.map(|(_, form)| form).ok_or_else(|| {
        let there_are: Vec<_> = forms.iter().map(|(media_type, _)| *media_type).collect();
        let message = format!("The answer comes as {}; Accept takes none of them.", there_are.join(", "));
        ApiError::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message)
    })
}

/// A media range and its weight in thousandths; `None` for what is none.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| range.contains('/'))?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight: f32 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
    // Between 0 and 1000 by the clamp.
    Some((range, (weight.clamp(0.0, 1.0) * 1_000.0) as u16))
}

/// The weight of the range that names a media type most closely; 0 when none does.
fn liking(ranges: &[(&str, u16)], media_type: &str) -> u16 {
    let all_of_kind = media_type.split('/').next().map(|kind| format!("{kind}/*")).unwrap_or_default();
    let named = |wanted: &str| ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(wanted)).map(|(_, q)| *q);
    named(media_type).or_else(|| named(&all_of_kind)).or_else(|| named("*/*")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Option<char> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        preferred(&headers, &[("application/json", 'j'), ("application/x-ndjson", 'n'), ("text/csv", 'c')]).ok()
    }

    #[test]
    fn the_best_liked_form_is_chosen() {
        for values in
            [&[][..], &[""], &["*/*"], &["application/*"], &["application/json, text/csv"], &["a/b, */*;q=0.1"]]
        {
            assert_eq!(of(values), Some('j'), "{values:?}");
        }
        for values in
            [&["text/csv"][..], &["Text/CSV;charset=utf-8"], &["text/*"], &["application/json;q=0.5, text/csv"]]
        {
            assert_eq!(of(values), Some('c'), "{values:?}");
        }
        assert_eq!(of(&["application/x-ndjson", "text/csv;q=0.9"]), Some('n'));
        assert_eq!(of(&["application/json;q=0, */*"]), Some('n'));
        for values in [&["image/png"][..], &["text/html, application/xml;q=0.9"], &["*/*;q=0"], &["nonsense"]] {
            assert_eq!(of(values), None, "{values:?}");
        }
    }
}
