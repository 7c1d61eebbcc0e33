//! E-mail addresses of an identity: the one form in which they are kept (contract §3.5: plus-tags and Gmail dots go).

/// The normalised address; `None` when the text is not one `@` with text on both sides.
///
/// Trimmed and in lower case; a `+tag` is dropped, and for Gmail the dots of the local part, which Gmail ignores.
/// Meant only for an identity's addresses: a contact's `email` is kept and matched as it stands.
#[must_use]
pub fn normalized(address: &str) -> Option<String> {
    let lower = address.trim().to_lowercase();
    let (local, domain) = lower.split_once('@').map(|(local, domain)| (local, domain.trim()))?;
    if domain.is_empty() || domain.contains('@') {
        return None;
    }
    let untagged = local.split('+').next().unwrap_or_default();
    let mailbox = match domain {
        "gmail.com" | "googlemail.com" => untagged.replace('.', ""),
        _ => untagged.to_owned(),
    };
    // Space that a dropped tag or dot leaves at the edge goes too, or a second reading would find another address.
    let mailbox = mailbox.trim();
    if mailbox.is_empty() { None } else { Some(format!("{mailbox}@{domain}")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_and_gmail_dots_go() {
        assert_eq!(normalized(" Ada.Lovelace+news@Example.com ").as_deref(), Some("ada.lovelace@example.com"));
        assert_eq!(normalized("A.d.a+x+y@GMail.com").as_deref(), Some("ada@gmail.com"));
        assert_eq!(normalized("a.d.a@googlemail.com").as_deref(), Some("ada@googlemail.com"));
    }

    #[test]
    fn text_stands_on_both_sides_of_one_at() {
        for bad in ["", "ada", "@example.com", "ada@", "a@b@c", "+tag@example.com", "..@gmail.com", "@"] {
            assert_eq!(normalized(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(address in "\\PC{0,8}@?\\PC{0,8}|[A-Za-z.+ İΣ]{1,9}@(gmail|GoogleMail|x)\\.com") {
            if let Some(once) = normalized(&address) {
                prop_assert_eq!(normalized(&once), Some(once));
            }
        }
    }
}
