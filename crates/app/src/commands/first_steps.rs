//! What somebody needs who has just made a server: address, team, key, and a line that works.

use std::fmt::Display;

use crate::keys::Secret;

/// A curl line that imports two contacts.
pub(super) fn curl_line(server: &str, team_id: impl Display, key: &str) -> String {
    let body = concat!(
        r#"{"objects":[{"default":{"email":"ada@example.org","full_name":"Ada Lovelace"}},"#,
        r#"{"default":{"email":"alan@example.org","full_name":"Alan Turing"}}],"options":{"dedupe_by":"email"}}"#
    );
    format!(
        "curl -sS {server}/v2/prism/{team_id}/contact/import -H 'x-api-key: {key}' \
         -H 'content-type: application/json' -d '{body}'"
    )
}

/// The lines of a first start. A key that the operator chose is not repeated.
pub(super) fn first_start(server: &str, team_id: impl Display + Copy, new_key: Option<&Secret>) -> String {
    let (shown_key, curl_key) = match new_key {
        Some(key) => (format!("{}   (shown only now)", key.reveal()), key.reveal()),
        None => ("as set in bootstrap_api_key".to_owned(), "$REFRACT_BOOTSTRAP_API_KEY"),
    };
    let mut curl = curl_line(server, team_id, curl_key);
    if new_key.is_none() {
        // So that the shell puts the variable in.
        curl = curl.replace("'x-api-key: $REFRACT_BOOTSTRAP_API_KEY'", "\"x-api-key: $REFRACT_BOOTSTRAP_API_KEY\"");
    }
    format!("first start: made a team and a key\n  team  {team_id}\n  key   {shown_key}\n\ntry it:\n  {curl}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_key_is_not_repeated_but_the_line_still_works() {
        let text = first_start("http://127.0.0.1:1", "t", None);
        assert!(text.contains("-H \"x-api-key: $REFRACT_BOOTSTRAP_API_KEY\""), "{text}");
        let text = first_start("http://127.0.0.1:1", "t", Some(&Secret::new("rk_x")));
        assert!(text.contains("key   rk_x") && text.contains("-H 'x-api-key: rk_x'"), "{text}");
    }
}
