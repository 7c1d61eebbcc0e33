//! Whether an import is answered in the request or becomes a job. Pure arithmetic on what has arrived.

use crate::limits::ImportLimits;

/// How an import is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// In the request; the answer holds the results.
    Inline,
    /// As a durable job that is polled.
    Queued,
}

/// The route of an import of which `rows` rows and `body_bytes` decoded bytes are known so far.
///
/// The answer can only go from [`Route::Inline`] to [`Route::Queued`] as more arrives, so intake may ask at every row.
#[must_use]
pub fn route(rows: u64, body_bytes: u64, respond_async: bool, limits: &ImportLimits) -> Route {
    if respond_async || rows >= limits.sync_max_rows || body_bytes >= limits.sync_max_bytes {
        Route::Queued
    } else {
        Route::Inline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_lies_at_100_rows_or_one_mebibyte() {
        let limits = ImportLimits::default();
        assert_eq!(route(99, (1 << 20) - 1, false, &limits), Route::Inline);
        assert_eq!(route(100, 10, false, &limits), Route::Queued);
        assert_eq!(route(1, 1 << 20, false, &limits), Route::Queued);
        assert_eq!(route(0, 0, true, &limits), Route::Queued);
    }
}
