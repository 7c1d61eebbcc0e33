//! Values from before meet a schema that may have changed since. Owns what of them can come back.

use crate::json::{elements, members, push_text, unquote};
use crate::property::Property;
use crate::record::BodyWriter;

/// The values that these properties can still have: a property or an option that was deleted since was deleted because no
/// record used it, and stays deleted. Archived ones keep their values.
pub(super) fn still_known(properties: &[Property], body: &str) -> String {
    let mut writer = BodyWriter::with_capacity(body.len());
    for (slug, raw_value) in members(body) {
        let Some(property) = properties.iter().find(|property| property.slug == slug) else { continue };
        if !property.property_type.has_options() {
            writer.push(&slug, raw_value);
        } else if let Some(value) = known_options(property, raw_value) {
            writer.push(&slug, &value);
        }
    }
    writer.finish()
}

fn known_options(property: &Property, raw_value: &str) -> Option<String> {
    let is_known = |raw: &str| property.options.iter().any(|option| option.slug == unquote(raw));
    if !raw_value.starts_with('[') {
        return is_known(raw_value).then(|| raw_value.to_owned());
    }
    let mut kept = elements(raw_value).filter(|raw| is_known(raw)).peekable();
    kept.peek()?;
    let mut value = String::from("[");
    for raw in kept {
        if value.len() > 1 {
            value.push(',');
        }
        push_text(&mut value, &unquote(raw));
    }
    value.push(']');
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PropertyId;
    use crate::property::{PropertyType, SelectOption, option_id};

    fn property(slug: &str, property_type: PropertyType, options: &[&str]) -> Property {
        let id = PropertyId::from_bytes([7; 16]);
        let options = options.iter().map(|option| SelectOption::new(option_id(id, option), *option, *option, 0));
        Property { options: options.collect(), ..Property::new(id, slug, slug, property_type, None) }
    }

    #[test]
    fn what_was_deleted_since_does_not_come_back() {
        let properties = [
            property("name", PropertyType::Text, &[]),
            property("stage", PropertyType::SelectStr, &["won"]),
            property("tags", PropertyType::MultiselectStr, &["a", "b"]),
        ];
        let body = r#"{"name":"A","gone":"x","stage":"lost","tags":["b","z","a"]}"#;
        assert_eq!(still_known(&properties, body), r#"{"name":"A","tags":["b","a"]}"#);
        let body = r#"{"tags":["z"],"stage":"won"}"#;
        assert_eq!(still_known(&properties, body), r#"{"stage":"won"}"#);
    }
}
