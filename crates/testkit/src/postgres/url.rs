//! Connection strings, as far as tests change them: another database, another place.

/// The same server and user, another database.
pub(super) fn with_database(server: &str, database: &str) -> String {
    let (before, options) = server.split_once('?').map_or((server, None), |(url, options)| (url, Some(options)));
    let (scheme, rest) = before.split_once("://").unwrap_or_else(|| panic!("{server:?} is no postgres://… URL"));
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    format!("{scheme}://{authority}/{database}{options}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_changes() {
        assert_eq!(with_database("postgres://u:p@h:5/a?host=/x/y", "b"), "postgres://u:p@h:5/b?host=/x/y");
        assert_eq!(with_database("postgres://u@h", "b"), "postgres://u@h/b");
        assert_eq!(with_database("postgresql:///a?user=u", "b"), "postgresql:///b?user=u");
    }
}
