//! The properties every team has from the start, per object type (docs/properties.md repeats this table).
//!
//! Contact and identity follow contract §3.6; the other types carry what users of a CRM expect.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};
use uuid::{Builder, Uuid};

use super::{Property, PropertyType, SelectOption};
use crate::ids::{ListId, OptionId, PropertyId};
use crate::object_type::ObjectType;
use PropertyType::{
    Bool, Date, EmailAddresses, Jsonb, MultiRef, MultiStr, MultiselectStr, Num, Ref, SelectStr, Str, Text,
};

/// Slug, name, type, and the options' display values; an option's slug is made from its value.
type Row = (&'static str, &'static str, PropertyType, &'static [&'static str]);

const NONE: &[&str] = &[];
const SENIORITY: &[&str] = &["Entry", "Senior", "Manager", "Director", "VP", "C-Level", "Founder", "Owner"];
const DEPARTMENT: &[&str] =
    &["Engineering", "Product", "Design", "Marketing", "Sales", "Finance", "Operations", "People", "Legal", "Support"];
const STRENGTH: &[&str] = &["None", "Weak", "Medium", "Strong", "Very strong"];
const PRIORITY: &[&str] = &["Low", "Medium", "High", "Urgent"];

const CONTACT: &[Row] = &[
    ("email", "E-mail", Str, NONE),
    ("full_name", "Full name", Str, NONE),
    ("first_name", "First name", Str, NONE),
    ("last_name", "Last name", Str, NONE),
    ("title", "Title", Str, NONE),
    ("organization", "Organization", Str, NONE),
    ("phone", "Phone", Str, NONE),
    ("city", "City", Str, NONE),
    ("country", "Country", Str, NONE),
    ("description", "Description", Text, NONE),
    ("linkedin", "LinkedIn", Str, NONE),
    ("twitter", "Twitter", Str, NONE),
    ("github", "GitHub", Str, NONE),
    ("photo_url", "Photo", Str, NONE),
    ("seniority", "Seniority", SelectStr, SENIORITY),
    ("department", "Department", MultiselectStr, DEPARTMENT),
    ("tags", "Tags", MultiselectStr, NONE),
    ("labels", "Labels", MultiselectStr, NONE),
    ("first_interaction_date", "First interaction", Date, NONE),
    ("last_interaction_date", "Last interaction", Date, NONE),
    ("company", "Company", Ref(ObjectType::Organization), NONE),
    ("actions", "Actions", MultiRef(ObjectType::Action), NONE),
    ("documents", "Documents", MultiRef(ObjectType::Document), NONE),
    ("strongest_connection", "Strongest connection", Ref(ObjectType::Identity), NONE),
    ("mutual_connections", "Mutual connections", MultiRef(ObjectType::Identity), NONE),
    ("next_calendar_event", "Next event", Ref(ObjectType::Event), NONE),
];

const ORGANIZATION: &[Row] = &[
    ("name", "Name", Str, NONE),
    ("primary_domain", "Primary domain", Str, NONE),
    ("domains", "Domains", MultiStr, NONE),
    ("other_names", "Other names", Text, NONE),
    ("description", "Description", Text, NONE),
    ("industry", "Industry", Str, NONE),
    ("location", "Location", Str, NONE),
    ("city", "City", Str, NONE),
    ("country", "Country", Str, NONE),
    ("employee_count", "Employees", Num, NONE),
    ("founded_year", "Founded in", Num, NONE),
    ("annual_revenue", "Annual revenue", Num, NONE),
    ("phone", "Phone", Str, NONE),
    ("linkedin", "LinkedIn", Str, NONE),
    ("twitter", "Twitter", Str, NONE),
    ("website", "Website", Str, NONE),
    ("logo_url", "Logo", Str, NONE),
    ("is_customer", "Customer", Bool, NONE),
    ("relationship_strength", "Relationship", SelectStr, STRENGTH),
    ("tags", "Tags", MultiselectStr, NONE),
    ("labels", "Labels", MultiselectStr, NONE),
    ("first_interaction_date", "First interaction", Date, NONE),
    ("last_interaction_date", "Last interaction", Date, NONE),
    ("attributes", "Attributes", Jsonb, NONE),
];

const IDENTITY: &[Row] = &[
    ("full_name", "Full name", Str, NONE),
    ("first_name", "First name", Str, NONE),
    ("middle_name", "Middle name", Str, NONE),
    ("last_name", "Last name", Str, NONE),
    ("title", "Title", Str, NONE),
    ("about", "About", Text, NONE),
    ("linkedin", "LinkedIn", Str, NONE),
    ("twitter", "Twitter", Str, NONE),
    ("github", "GitHub", Str, NONE),
    ("photo_url", "Photo", Str, NONE),
    ("city", "City", Str, NONE),
    ("country", "Country", Str, NONE),
    ("first_degree", "First degree", Bool, NONE),
    ("first_interaction_date", "First interaction", Date, NONE),
    ("last_interaction_date", "Last interaction", Date, NONE),
    ("linkedin_connection_since", "LinkedIn connection since", Date, NONE),
    ("relationship_strength", "Relationship", SelectStr, STRENGTH),
    ("seniority", "Seniority", SelectStr, SENIORITY),
    ("labels", "Labels", MultiselectStr, NONE),
    ("email_addresses", "E-mail addresses", EmailAddresses, NONE),
    ("companies", "Companies", MultiRef(ObjectType::Organization), NONE),
    ("work_history", "Work history", MultiRef(ObjectType::Organization), NONE),
    ("actions", "Actions", MultiRef(ObjectType::Action), NONE),
    ("documents", "Documents", MultiRef(ObjectType::Document), NONE),
    ("next_calendar_event", "Next event", Ref(ObjectType::Event), NONE),
];

const DEAL: &[Row] = &[
    ("name", "Name", Str, NONE),
    ("description", "Description", Text, NONE),
    ("status", "Status", SelectStr, &["Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]),
    ("value", "Value", Num, NONE),
    ("currency", "Currency", Str, NONE),
    ("probability", "Probability", Num, NONE),
    ("close_date", "Close date", Date, NONE),
    ("source", "Source", Str, NONE),
    ("priority", "Priority", SelectStr, PRIORITY),
    ("tags", "Tags", MultiselectStr, NONE),
    ("company", "Company", Ref(ObjectType::Organization), NONE),
    ("people", "People", MultiRef(ObjectType::Identity), NONE),
    ("actions", "Actions", MultiRef(ObjectType::Action), NONE),
    ("documents", "Documents", MultiRef(ObjectType::Document), NONE),
    ("external_id", "External id", Str, NONE),
];

const ACTION: &[Row] = &[
    ("name", "Name", Str, NONE),
    ("description", "Description", Text, NONE),
    ("status", "Status", SelectStr, &["To do", "In progress", "Done", "Canceled"]),
    ("priority", "Priority", SelectStr, PRIORITY),
    ("start_date", "Start", Date, NONE),
    ("due_date", "Due", Date, NONE),
    ("completed", "Completed", Bool, NONE),
    ("estimate", "Estimate", Num, NONE),
    ("tags", "Tags", MultiselectStr, NONE),
    ("people", "People", MultiRef(ObjectType::Identity), NONE),
    ("companies", "Companies", MultiRef(ObjectType::Organization), NONE),
    ("external_id", "External id", Str, NONE),
];

const DOCUMENT: &[Row] = &[
    ("name", "Name", Str, NONE),
    ("description", "Description", Text, NONE),
    ("content", "Content", Text, NONE),
    ("status", "Status", SelectStr, &["Draft", "In review", "Published", "Archived"]),
    ("url", "URL", Str, NONE),
    ("mime_type", "MIME type", Str, NONE),
    ("size_bytes", "Size", Num, NONE),
    ("tags", "Tags", MultiselectStr, NONE),
    ("people", "People", MultiRef(ObjectType::Identity), NONE),
    ("companies", "Companies", MultiRef(ObjectType::Organization), NONE),
    ("external_id", "External id", Str, NONE),
];

const EVENT: &[Row] = &[
    ("name", "Name", Str, NONE),
    ("description", "Description", Text, NONE),
    ("location", "Location", Str, NONE),
    ("starts_at", "Starts", Date, NONE),
    ("ends_at", "Ends", Date, NONE),
    ("all_day", "All day", Bool, NONE),
    ("status", "Status", SelectStr, &["Confirmed", "Tentative", "Canceled"]),
    ("meeting_url", "Meeting link", Str, NONE),
    ("people", "People", MultiRef(ObjectType::Identity), NONE),
    ("external_id", "External id", Str, NONE),
];

const ENGAGEMENT: &[Row] = &[
    ("name", "Name", Str, NONE),
    ("description", "Description", Text, NONE),
    ("channel", "Channel", SelectStr, &["E-mail", "Call", "Meeting", "Message", "Visit", "Other"]),
    ("status", "Status", SelectStr, &["Planned", "Open", "Done"]),
    ("occurred_at", "Occurred", Date, NONE),
    ("duration_minutes", "Minutes", Num, NONE),
    ("tags", "Tags", MultiselectStr, NONE),
    ("people", "People", MultiRef(ObjectType::Identity), NONE),
    ("companies", "Companies", MultiRef(ObjectType::Organization), NONE),
    ("external_id", "External id", Str, NONE),
];

/// The built-in properties of a type, in metadata order. Their ids are the same on every server.
#[must_use]
pub fn builtin_properties(object_type: ObjectType) -> Vec<Property> {
    let rows = match object_type {
        ObjectType::Contact => CONTACT,
        ObjectType::Organization => ORGANIZATION,
        ObjectType::Identity => IDENTITY,
        ObjectType::Deal => DEAL,
        ObjectType::Action => ACTION,
        ObjectType::Document => DOCUMENT,
        ObjectType::Event => EVENT,
        ObjectType::Engagement => ENGAGEMENT,
    };
    rows.iter().map(|row| property_of(row, &[object_type.name().as_bytes(), row.0.as_bytes()], None)).collect()
}

/// A list's pipeline stage: the list-scoped select property `app_stage` with these stages (contract §2.1, §4.2).
#[must_use]
pub fn app_stage(list_id: ListId, stages: &'static [&'static str]) -> Property {
    let row: Row = ("app_stage", "Stage", SelectStr, stages);
    property_of(&row, &[list_id.as_bytes(), b"app_stage"], Some(list_id))
}

fn property_of(row: &Row, seed: &[&[u8]], list_id: Option<ListId>) -> Property {
    let (slug, name, property_type, values) = *row;
    let mut property = Property::new(PropertyId::from_bytes(fixed_uuid(seed)), slug, name, property_type, list_id);
    property.native = true;
    for (sort_index, value) in (0u32..).zip(values) {
        let option_slug = property.slug_for_new_option(value);
        let id = option_id(property.id, &option_slug);
        property.options.push(SelectOption::new(id, option_slug, *value, sort_index));
    }
    property
}

/// The id of the option of this slug: a function of property and slug, so that a redo makes the same option.
#[must_use]
pub fn option_id(property: PropertyId, slug: &str) -> OptionId {
    OptionId::from_bytes(fixed_uuid(&[property.as_bytes(), slug.as_bytes()]))
}

/// The display format of a property that a team made without naming one: its type's.
#[must_use]
pub fn role_of(property_type: PropertyType) -> Uuid {
    Uuid::from_bytes(fixed_uuid(&[b"role", property_type.name().as_bytes()]))
}

/// A uuid (version 8: custom) that is a function of `parts` alone.
fn fixed_uuid(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = SipHasher24::new_with_key(b"refract-builtin!");
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    Builder::from_custom_bytes(hasher.finish128().as_bytes()).into_uuid().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn slugs_are_well_formed_and_ids_unique() {
        let mut ids = HashSet::new();
        for object_type in ObjectType::ALL {
            let mut slugs = HashSet::new();
            for property in builtin_properties(object_type) {
                assert!(slugs.insert(property.slug.clone()), "{object_type}.{} twice", property.slug);
                assert!(ids.insert(property.id), "{object_type}.{} shares its id", property.slug);
                assert!(property.slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
                let options: HashSet<_> = property.options.iter().map(|option| &option.slug).collect();
                assert_eq!(options.len(), property.options.len());
            }
        }
    }

    /// Clients enumerate the types (contract §4.2): a reference to another type would be one they do not know.
    #[test]
    fn references_are_of_types_that_clients_know() {
        let known = "ref_identity ref_organization ref_contact ref_event multiref_action multiref_contact \
                     multiref_document multiref_identity multiref_organization multiref_engagement";
        let properties = ObjectType::ALL.into_iter().flat_map(builtin_properties);
        for property in properties.filter(|property| property.property_type.name().contains("ref_")) {
            let name = property.property_type.name();
            assert!(known.split_whitespace().any(|one| one == name), "{} is {name}", property.slug);
        }
    }

    #[test]
    fn a_stage_belongs_to_its_list() {
        let list_id = ListId::from_bytes([1; 16]);
        let stage = app_stage(list_id, &["Lead", "Won"]);
        assert_eq!(stage.list_id, Some(list_id));
        assert_ne!(stage.id, app_stage(ListId::from_bytes([2; 16]), &["Lead", "Won"]).id);
    }
}
