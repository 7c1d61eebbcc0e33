//! What properties exist: types, definitions, options, and the schema of a team.
//!
//! Owns the vocabulary of `PropertyDefinition` (contract §4.2). Knows nothing of values; those are judged in
//! [`crate::value`].

mod builtin;
mod change;
mod required;
mod schema;
mod template;

pub use builtin::{app_stage, builtin_properties, option_id, role_of};
pub use change::{PropertyPlace, SchemaChange};
pub use required::{cleared_required, missing_required};
pub use schema::{ListSchema, Schema, TypeSchema, nearest};
pub use template::{LIST_OBJECT_TYPES, LIST_TEMPLATES, ListTemplate, list_template};

use uuid::Uuid;

use crate::ids::{ListId, OptionId, PropertyId};
use crate::object_type::ObjectType;

/// What to do about a property that is archived, for messages.
pub const ARCHIVED: &str = "it is archived; PATCH it with \"enabled\": true to use it again";

/// A property's type (contract §4.2). References name what they point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PropertyType {
    /// `num`: a number that fits i64 or the nearest f64.
    Num,
    /// `str`: one line of text.
    Str,
    /// `bool`.
    Bool,
    /// `date`: an ISO date or an RFC 3339 date-time.
    Date,
    /// `text`: text of any length.
    Text,
    /// `byte`: bytes as standard base64 text.
    Byte,
    /// `select_str`: one option's slug.
    SelectStr,
    /// `multi_str`: several texts, in order.
    MultiStr,
    /// `multiselect_str`: a set of option slugs.
    MultiselectStr,
    /// `jsonb`: any JSON value.
    Jsonb,
    /// `ref_…`: one record.
    Ref(ObjectType),
    /// `multiref_…`: a set of records.
    MultiRef(ObjectType),
    /// An identity's `email_addresses` (`multiref_contact` on the wire): addresses in, normalised and deduplicated.
    EmailAddresses,
}

impl PropertyType {
    /// The type's public name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Num => "num".into(),
            Self::Str => "str".into(),
            Self::Bool => "bool".into(),
            Self::Date => "date".into(),
            Self::Text => "text".into(),
            Self::Byte => "byte".into(),
            Self::SelectStr => "select_str".into(),
            Self::MultiStr => "multi_str".into(),
            Self::MultiselectStr => "multiselect_str".into(),
            Self::Jsonb => "jsonb".into(),
            Self::Ref(target) => format!("ref_{target}"),
            Self::MultiRef(target) => format!("multiref_{target}"),
            Self::EmailAddresses => "multiref_contact".into(),
        }
    }

    /// The type of this public name, of those that a team can give its own properties. References point at the types of
    /// which clients know the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        use ObjectType::{Action, Contact, Document, Engagement, Event, Identity, Organization};
        let plain = [
            Self::Num,
            Self::Str,
            Self::Bool,
            Self::Date,
            Self::Text,
            Self::Byte,
            Self::SelectStr,
            Self::MultiStr,
            Self::MultiselectStr,
            Self::Jsonb,
        ];
        let single = [Identity, Organization, Contact, Event].map(Self::Ref);
        let several = [Action, Contact, Document, Identity, Organization, Engagement].map(Self::MultiRef);
        plain.into_iter().chain(single).chain(several).find(|known| known.name() == name)
    }

    /// Whether values of this type can be matched by `dedupe_by` (import-semantics, Matching).
    #[must_use]
    pub const fn can_be_key(self) -> bool {
        match self {
            Self::Num
            | Self::Str
            | Self::Bool
            | Self::Date
            | Self::Text
            | Self::SelectStr
            | Self::MultiStr
            | Self::EmailAddresses => true,
            Self::Byte | Self::MultiselectStr | Self::Jsonb | Self::Ref(_) | Self::MultiRef(_) => false,
        }
    }

    /// Whether a value is one of the property's options.
    #[must_use]
    pub const fn has_options(self) -> bool {
        matches!(self, Self::SelectStr | Self::MultiselectStr)
    }

    /// Whether a value is an array.
    #[must_use]
    pub const fn is_multiple(self) -> bool {
        matches!(self, Self::MultiStr | Self::MultiselectStr | Self::MultiRef(_) | Self::EmailAddresses)
    }

    /// Whether an array's order carries no meaning, so that two orders are the same value.
    #[must_use]
    pub const fn is_set(self) -> bool {
        matches!(self, Self::MultiselectStr | Self::MultiRef(_) | Self::EmailAddresses)
    }

    /// Whether `""` is a value of its own; for every other type it clears.
    #[must_use]
    pub const fn keeps_empty_text(self) -> bool {
        matches!(self, Self::Str | Self::Text)
    }
}

/// One option of a select property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectOption {
    /// Public id; callers may write it in place of the slug.
    pub id: OptionId,
    /// What records hold.
    pub slug: String,
    /// The display value.
    pub value: String,
    /// Position in the list of options.
    pub sort_index: u32,
    /// How it is shown to people.
    pub look: OptionLook,
    /// Records that hold it keep it; no other gets it.
    pub archived: bool,
}

impl SelectOption {
    /// An option in use that is shown plainly.
    #[must_use]
    pub fn new(id: OptionId, slug: impl Into<String>, value: impl Into<String>, sort_index: u32) -> Self {
        let look = OptionLook::default();
        Self { id, slug: slug.into(), value: value.into(), sort_index, look, archived: false }
    }
}

/// How an option is shown to people; the server only keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionLook {
    /// The name of a colour.
    pub color_scheme: Option<String>,
    /// What it stands for.
    pub description: Option<String>,
    /// An emoji or icon name.
    pub icon: Option<String>,
    /// A heading that it is shown under.
    pub option_group: Option<String>,
}

/// One property of an object type or of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Public id.
    pub id: PropertyId,
    /// The name in bodies: `^[a-z][a-z0-9_]{0,62}$`; never changes.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// Type of its values; never changes.
    pub property_type: PropertyType,
    /// The list whose scope it lives in; `None` for the whole workspace.
    pub list_id: Option<ListId>,
    /// Whether Refract brings it along rather than a team having defined it.
    pub native: bool,
    /// Whether create and patch insist on a value; imports do not.
    pub required: bool,
    /// Whether it is out of use: its values are kept, and neither shown nor written nor asked for.
    pub archived: bool,
    /// An emoji or icon name.
    pub icon: Option<String>,
    /// The display format that clients choose by; `None` for what Refract brings along.
    pub role_id: Option<Uuid>,
    /// The options of a select type, in order, archived ones too; empty for other types.
    pub options: Vec<SelectOption>,
}

impl Property {
    /// A property of a team's own, optional and without options.
    #[must_use]
    pub fn new(
        id: PropertyId,
        slug: impl Into<String>,
        name: impl Into<String>,
        property_type: PropertyType,
        list_id: Option<ListId>,
    ) -> Self {
        Self {
            id,
            slug: slug.into(),
            name: name.into(),
            property_type,
            list_id,
            native: false,
            required: false,
            archived: false,
            icon: None,
            role_id: None,
            options: Vec::new(),
        }
    }

    /// The option in use that `written` names: by slug, then by id, then by display value ignoring case and outer spaces.
    #[must_use]
    pub fn find_option(&self, written: &str) -> Option<&SelectOption> {
        self.search(written, |option| !option.archived)
    }

    /// The same among all options: what records hold may be archived by now.
    #[must_use]
    pub fn find_any_option(&self, written: &str) -> Option<&SelectOption> {
        self.search(written, |_| true)
    }

    fn search(&self, written: &str, is_meant: impl Fn(&SelectOption) -> bool) -> Option<&SelectOption> {
        let find = |matches: &dyn Fn(&SelectOption) -> bool| {
            self.options.iter().find(|option| is_meant(option) && matches(option))
        };
        let by_id = || OptionId::parse(written).and_then(|id| find(&|option| option.id == id));
        let by_value = || {
            let wanted = crate::key::fold(written.trim());
            find(&|option| crate::key::fold(option.value.trim()) == wanted)
        };
        find(&|option| option.slug == written).or_else(by_id).or_else(by_value)
    }

    /// The options in use.
    pub fn live_options(&self) -> impl Iterator<Item = &SelectOption> {
        self.options.iter().filter(|option| !option.archived)
    }

    /// The option in use that is nearest to `written`, for a message; `None` without options.
    #[must_use]
    pub fn nearest_option(&self, written: &str) -> Option<&str> {
        nearest(written, self.live_options().map(|option| option.slug.as_str()))
    }

    /// The slug a new option of this display value gets: lower case, runs of other characters as `_`, and `_2`, `_3`,
    /// … when the slug is taken.
    #[must_use]
    pub fn slug_for_new_option(&self, value: &str) -> String {
        let plain = slugify(value);
        if !self.options.iter().any(|option| option.slug == plain) {
            return plain;
        }
        let mut number: u32 = 2;
        loop {
            let candidate = format!("{plain}_{number}");
            if !self.options.iter().any(|option| option.slug == candidate) {
                return candidate;
            }
            number += 1;
        }
    }
}

/// Lower case letters and digits kept, every run of anything else one `_`; `option` when nothing is left.
fn slugify(value: &str) -> String {
    let mut slug = String::with_capacity(value.len());
    for character in value.trim().chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let trimmed = slug.trim_end_matches('_');
    if trimmed.is_empty() { "option".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(options: &[(&str, &str)]) -> Property {
        let options = options.iter().enumerate().map(|(index, (slug, value))| {
            let id = OptionId::from_bytes([u8::try_from(index).expect("few options") + 1; 16]);
            SelectOption::new(id, *slug, *value, 0)
        });
        let id = PropertyId::from_bytes([9; 16]);
        Property { options: options.collect(), ..Property::new(id, "stage", "Stage", PropertyType::SelectStr, None) }
    }

    #[test]
    fn a_type_that_a_team_can_choose_is_read_by_its_name() {
        use ObjectType::{Contact, Deal, Event};
        for known in [PropertyType::Num, PropertyType::Jsonb, PropertyType::Ref(Event), PropertyType::MultiRef(Contact)]
        {
            assert_eq!(PropertyType::parse(&known.name()), Some(known));
        }
        // An identity's addresses are no type to choose, and of these references clients know nothing.
        assert_eq!(PropertyType::parse("multiref_contact"), Some(PropertyType::MultiRef(Contact)));
        for unknown in [PropertyType::Ref(Deal), PropertyType::MultiRef(Event)] {
            assert_eq!(PropertyType::parse(&unknown.name()), None);
        }
        for other in ["", "STR", "ref_", "ref_user", "multiref_message", "string"] {
            assert_eq!(PropertyType::parse(other), None, "{other}");
        }
    }

    #[test]
    fn options_are_found_by_slug_then_id_then_value() {
        let stage = select(&[("new", "Brand new"), ("won", "Won")]);
        let slug_of = |written: &str| stage.find_option(written).map(|option| option.slug.as_str());
        assert_eq!(slug_of("new"), Some("new"));
        assert_eq!(slug_of("02020202-0202-0202-0202-020202020202"), Some("won"));
        assert_eq!(slug_of("  bRAND NEW "), Some("new"));
        assert_eq!(slug_of("lost"), None);
        assert_eq!(stage.nearest_option("wom"), Some("won"));
    }

    #[test]
    fn new_options_get_free_slugs() {
        let stage = select(&[("in_talks", "In talks")]);
        assert_eq!(stage.slug_for_new_option("  In -- Talks! "), "in_talks_2");
        assert_eq!(stage.slug_for_new_option("Ünïque 9"), "ünïque_9");
        assert_eq!(stage.slug_for_new_option("***"), "option");
    }
}
