//! Options that a job made and that nobody uses any more. Owns what using an option is.

use crate::ids::ListId;
use crate::import::plan::NewOption;
use crate::json::{elements, members, unquote};

/// Finds out which of the options that a job made are in use, body by body.
#[derive(Debug)]
pub struct OptionUse {
    unused: Vec<NewOption>,
}

impl OptionUse {
    /// None of these is known to be in use yet.
    #[must_use]
    pub fn of(made: Vec<NewOption>) -> Self {
        Self { unused: made }
    }

    /// Whether more bodies need not be looked at: each option is in use.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.unused.is_empty()
    }

    /// The lists in whose scope some of them live.
    #[must_use]
    pub fn lists(&self) -> Vec<ListId> {
        let mut lists: Vec<ListId> = self.unused.iter().filter_map(|made| made.list_id).collect();
        lists.sort_unstable();
        lists.dedup();
        lists
    }

    /// Whether some of them live in the scope of the whole team.
    #[must_use]
    pub fn is_of_team(&self) -> bool {
        self.unused.iter().any(|made| made.list_id.is_none())
    }

    /// The slugs of those in this scope, each once: a body in which none of them stands need not be looked at.
    #[must_use]
    pub fn slugs(&self, list_id: Option<ListId>) -> Vec<&str> {
        let mut slugs: Vec<&str> =
            self.unused.iter().filter(|made| made.list_id == list_id).map(|made| &*made.option.slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        slugs
    }

    /// Looks at the values of a record, or at those that it has in a list.
    pub fn look_at(&mut self, list_id: Option<ListId>, body: &str) {
        self.unused.retain(|made| made.list_id != list_id || !uses(body, &made.property, &made.option.slug));
    }

    /// Those that no body used.
    #[must_use]
    pub fn unused(self) -> Vec<NewOption> {
        self.unused
    }
}

fn uses(body: &str, property: &str, option: &str) -> bool {
    let mut values = members(body).filter(|(slug, _)| *slug == property).map(|(_, raw_value)| raw_value);
    values.any(|raw| {
        if raw.starts_with('[') { elements(raw).any(|one| unquote(one) == option) } else { unquote(raw) == option }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PropertyId;
    use crate::property::{SelectOption, option_id};

    fn made(list_id: Option<ListId>, property: &str, slug: &str) -> NewOption {
        let option = SelectOption::new(option_id(PropertyId::from_bytes([1; 16]), slug), slug, slug, 0);
        NewOption { list_id, property: property.to_owned(), option }
    }

    #[test]
    fn an_option_is_in_use_where_a_body_of_its_scope_holds_it() {
        let list_id = ListId::from_bytes([3; 16]);
        let list = Some(list_id);
        let options = vec![made(None, "tags", "a"), made(None, "stage", "a"), made(list, "stage", "a")];
        let mut uses = OptionUse::of(options);
        uses.look_at(None, r#"{"tags":["b"],"name":"a","stage":"b"}"#);
        assert_eq!((uses.unused.len(), uses.is_of_team(), uses.lists()), (3, true, vec![list_id]));
        uses.look_at(None, r#"{"tags":["b","a"],"stage":"a"}"#);
        assert_eq!((uses.is_of_team(), uses.is_settled()), (false, false));
        uses.look_at(list, r#"{"stage":"a"}"#);
        assert!(uses.is_settled() && uses.unused().is_empty());
    }
}
