//! What values are compared with: read as the property's own values are, so that both are of one form.

use std::borrow::Cow;

use super::super::fault::QueryFault;
use super::super::{Leaf, Operand, Path};
use super::node::{Node, text_of};
use crate::ids::{OptionId, RecordId};
use crate::json::Value;
use crate::property::{Property, PropertyType};
use crate::value::{
    OptionIndex, canonical_number, excerpt_of_text, instant_millis, instant_order_text, normalized_email,
};

/// What the values at the end of a path are, as far as operators go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Any text.
    Text,
    /// An e-mail address of an identity.
    Address,
    /// An option's slug.
    Select,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A day or an instant.
    Date,
    /// An instant that is kept in milliseconds.
    Millis,
    /// Base64.
    Bytes,
    /// The id of a record.
    Id,
    /// JSON, which is there or not.
    Json,
}

impl Class {
    pub(super) fn of(leaf: &Leaf) -> Self {
        match leaf {
            Leaf::Id => Self::Id,
            Leaf::CreatedAt | Leaf::UpdatedAt => Self::Millis,
            Leaf::Property { property_type, .. } => match property_type {
                PropertyType::Str | PropertyType::Text | PropertyType::MultiStr => Self::Text,
                PropertyType::EmailAddresses => Self::Address,
                PropertyType::SelectStr | PropertyType::MultiselectStr => Self::Select,
                PropertyType::Num => Self::Number,
                PropertyType::Bool => Self::Bool,
                PropertyType::Date => Self::Date,
                PropertyType::Byte => Self::Bytes,
                PropertyType::Ref(_) | PropertyType::MultiRef(_) => Self::Id,
                PropertyType::Jsonb => Self::Json,
            },
        }
    }

    pub(super) fn has_equality(self) -> bool {
        self != Self::Json
    }

    pub(super) fn has_order(self) -> bool {
        matches!(self, Self::Text | Self::Address | Self::Number | Self::Date | Self::Millis)
    }

    pub(super) fn is_searched(self) -> bool {
        matches!(self, Self::Text | Self::Address | Self::Select)
    }

    /// Whether a comma can never be part of a value, so that it separates two.
    pub(super) fn is_split_at_commas(self) -> bool {
        !matches!(self, Self::Text | Self::Json)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Address => "an e-mail address",
            Self::Select => "an option",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Date | Self::Millis => "a date such as 2026-07-31 or 2026-07-31T09:30:00Z",
            Self::Bytes => "bytes as base64 text",
            Self::Id => "the id of a record",
            Self::Json => "JSON",
        }
    }

    /// The operators that go with it.
    pub(super) fn operators(self) -> Vec<&'static str> {
        let mut operators = Vec::new();
        if self.has_equality() {
            operators.extend(["=", "!=", "in", "not_in"]);
        }
        if self.has_order() {
            operators.extend(["<", ">", "<=", ">=", "between"]);
        }
        if self.is_searched() {
            operators.extend(["contains", "not_contains", "begins_with", "ends_with", "like_regex"]);
        }
        operators.extend(["exists", "not_exists", "is_null", "is_not_null"]);
        operators
    }
}

/// The property in words: `"employee_count" (num)`.
pub(super) fn described(path: &Path, property: Option<&Property>) -> String {
    match (property, &path.leaf) {
        (Some(property), _) => format!("{:?} ({})", property.slug, property.property_type.name()),
        (None, Leaf::Id) => "\"id\"".to_owned(),
        (None, Leaf::CreatedAt) => "\"created_at\" (date)".to_owned(),
        (None, _) => "\"updated_at\" (date)".to_owned(),
    }
}

/// Reads operands of one operator on one path.
pub(super) struct Operands<'c, 'a> {
    field: &'c str,
    operator: &'c str,
    path: &'c Path,
    property: Option<&'a Property>,
    class: Class,
    options: OptionIndex,
}

impl<'c, 'a> Operands<'c, 'a> {
    pub(super) fn new(
        field: &'c str,
        operator: &'c str,
        path: &'c Path,
        property: Option<&'a Property>,
        class: Class,
    ) -> Self {
        Self { field, operator, path, property, class, options: OptionIndex::of_any() }
    }

    /// A written value; `None` when it means to have no value: `null`, and the empty text where writing it clears.
    pub(super) fn of_node(&self, node: &Node<'_>) -> Result<Option<Operand>, QueryFault> {
        let text = match node {
            Node::Plain(Value::Null) => return Ok(None),
            Node::Plain(Value::Text(text)) => text_of(self.field, text)?,
            Node::Plain(Value::Number(written)) if matches!(self.class, Class::Text | Class::Number) => {
                Cow::Borrowed(*written)
            }
            Node::Plain(Value::Bool(truth)) if matches!(self.class, Class::Text | Class::Bool) => {
                Cow::Borrowed(if *truth { "true" } else { "false" })
            }
            other => return Err(self.wrong(&other.shown())),
        };
        self.of_text(&text)
    }

    /// A value as text; `None` as above.
    pub(super) fn of_text(&self, text: &str) -> Result<Option<Operand>, QueryFault> {
        if text.is_empty() && self.class != Class::Text {
            return Ok(None);
        }
        let wrong = || self.wrong(&excerpt_of_text(text));
        let operand = match self.class {
            Class::Text | Class::Json => Operand::Text(text.to_owned()),
            Class::Bytes => Operand::Text(text.to_owned()),
            Class::Address => Operand::Text(normalized_email(text).ok_or_else(wrong)?),
            Class::Select => Operand::Text(self.option(text)?),
            Class::Number => Operand::Number(canonical_number(text.trim()).ok_or_else(wrong)?),
            Class::Bool if text.eq_ignore_ascii_case("true") => Operand::Bool(true),
            Class::Bool if text.eq_ignore_ascii_case("false") => Operand::Bool(false),
            Class::Bool => return Err(wrong()),
            Class::Date => Operand::Instant(instant_order_text(text).ok_or_else(wrong)?),
            Class::Millis => Operand::Number(instant_millis(text).ok_or_else(wrong)?),
            Class::Id => Operand::Text(RecordId::parse(text).ok_or_else(wrong)?.to_string()),
        };
        Ok(Some(operand))
    }

    /// A part of a text, in lower case. Of an option its slug is searched, which its id stands for.
    pub(super) fn part(&self, node: &Node<'_>) -> Result<String, QueryFault> {
        let text = match node {
            Node::Plain(Value::Text(text)) => text_of(self.field, text)?,
            Node::Plain(Value::Number(_) | Value::Bool(_)) => match node {
                Node::Plain(value) => Cow::Borrowed(value.raw()),
                _ => Cow::Borrowed(""),
            },
            other => return Err(self.wrong(&other.shown())),
        };
        let slug_of_id = || {
            let id = OptionId::parse(&text)?;
            self.property?.options.iter().find(|option| option.id == id).map(|option| option.slug.as_str())
        };
        Ok(slug_of_id().unwrap_or(&text).to_lowercase())
    }

    fn option(&self, written: &str) -> Result<String, QueryFault> {
        let Some(property) = self.property else { return Err(self.wrong(&excerpt_of_text(written))) };
        if let Some(slug) = self.options.find(property, written) {
            return Ok(slug.to_owned());
        }
        let advice = match property.nearest_option(written) {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => "GET /{type}/properties shows its options".to_owned(),
        };
        let described = described(self.path, self.property);
        let message = format!(
            "{described}: {:?} takes an option, and {} is none; {advice}",
            self.operator,
            excerpt_of_text(written)
        );
        Err(QueryFault::invalid(self.field, message))
    }

    fn wrong(&self, shown: &str) -> QueryFault {
        let described = described(self.path, self.property);
        let message = format!("{described}: {:?} takes {}, not {shown}", self.operator, self.class.name());
        QueryFault::invalid(self.field, message)
    }
}
