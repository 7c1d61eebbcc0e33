//! The eight object types and what each may do. Owns their wire words; knows no routes.

use std::fmt;

/// An object type of the Prism API (contract §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// A way to reach a person: an e-mail address and what is known of its owner.
    Contact,
    /// A company or other organisation.
    Organization,
    /// A person.
    Identity,
    /// A deal in a pipeline.
    Deal,
    /// A task.
    Action,
    /// A document.
    Document,
    /// A calendar event; it cannot be imported.
    Event,
    /// A touch point such as a call or a meeting.
    Engagement,
}

impl ObjectType {
    /// All types, in the order in which metadata lists them.
    pub const ALL: [Self; 8] = [
        Self::Contact,
        Self::Organization,
        Self::Identity,
        Self::Deal,
        Self::Action,
        Self::Document,
        Self::Event,
        Self::Engagement,
    ];

    /// The word in paths and bodies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Organization => "organization",
            Self::Identity => "identity",
            Self::Deal => "deal",
            Self::Action => "action",
            Self::Document => "document",
            Self::Event => "event",
            Self::Engagement => "engagement",
        }
    }

    /// Reads the word of a path; case counts.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object_type| object_type.name() == name)
    }

    /// Whether `POST /{type}/import` exists for it (contract §1.2: all but `event`).
    #[must_use]
    pub const fn importable(self) -> bool {
        !matches!(self, Self::Event)
    }

    /// Whether `/{type}/{id}/grant` exists for it (contract §1.4).
    #[must_use]
    pub const fn grantable(self) -> bool {
        !matches!(self, Self::Contact | Self::Organization | Self::Identity)
    }

    /// The stable number under which stores keep the type and dedupe keys hash it. Never reuse one.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Contact => 1,
            Self::Organization => 2,
            Self::Identity => 3,
            Self::Deal => 4,
            Self::Action => 5,
            Self::Document => 6,
            Self::Event => 7,
            Self::Engagement => 8,
        }
    }

    /// The type of a stored number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|object_type| object_type.number() == number)
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back_to_the_type() {
        for object_type in ObjectType::ALL {
            assert_eq!(ObjectType::parse(object_type.name()), Some(object_type));
            assert_eq!(ObjectType::from_number(object_type.number()), Some(object_type));
        }
        assert_eq!(ObjectType::parse("Contact"), None);
        assert_eq!(ObjectType::from_number(0), None);
    }

    #[test]
    fn what_people_and_companies_are_is_granted_to_nobody() {
        let granted = ObjectType::ALL.into_iter().filter(|object_type| object_type.grantable());
        let names: Vec<_> = granted.map(ObjectType::name).collect();
        assert_eq!(names, ["deal", "action", "document", "event", "engagement"]);
    }

    #[test]
    fn only_events_cannot_be_imported() {
        let closed: Vec<_> = ObjectType::ALL.into_iter().filter(|object_type| !object_type.importable()).collect();
        assert_eq!(closed, [ObjectType::Event]);
    }
}
