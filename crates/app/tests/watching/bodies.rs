//! Imports that are worth watching.

use std::fmt::Write as _;

use crate::support::client::Client;

/// Contacts of which one in five repeats an address, and one in ten has a property that there is not.
pub(crate) fn mixed_contacts(mark: &str, rows: usize) -> String {
    let mut objects = String::new();
    for row in 0..rows {
        let separator = if row == 0 { "" } else { "," };
        let address = if row % 5 == 1 { row / 5 } else { row };
        let property = if row % 10 == 7 { "no_such_property" } else { "full_name" };
        // Writing into a String cannot fail.
        let _ = write!(
            objects,
            r#"{separator}{{"default":{{"email":"{mark}{address}@example.org","{property}":"Name {row}"}}}}"#
        );
    }
    format!(r#"{{"objects":[{objects}],"options":{{"dedupe_by":"email","update_existing":true}}}}"#)
}

/// Sends an import that becomes a job; gives where it is found.
pub(crate) fn admit(client: &Client, body: &str) -> String {
    let answer = client.import("contact", body);
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.header("location").expect("202 says where to look").to_owned()
}
