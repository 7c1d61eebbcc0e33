//! List templates (contract §6.1): what a new list is of, and the stages its records go through.

use crate::object_type::ObjectType;

/// What a list can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListTemplate {
    /// The word in bodies.
    pub id: &'static str,
    /// The name people read, and of lists made without one.
    pub name: &'static str,
    /// The type of its members; `None` for `custom`, where the caller says it.
    pub object_type: Option<ObjectType>,
    /// The options of the list's `app_stage`, in order.
    pub stages: &'static [&'static str],
}

/// All templates.
pub const LIST_TEMPLATES: &[ListTemplate] = &[
    of("sales_deals", "Sales", ObjectType::Deal, &["Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]),
    of(
        "recruiting",
        "Recruiting",
        ObjectType::Identity,
        &["Sourced", "Screening", "Interview", "Offer", "Hired", "Declined"],
    ),
    of("partnerships", "Partnerships", ObjectType::Organization, &["Prospect", "Talking", "Agreed", "Active", "Ended"]),
    of(
        "fundraising",
        "Fundraising",
        ObjectType::Organization,
        &["Research", "Contacted", "Meeting", "Diligence", "Committed", "Passed"],
    ),
    of("knowledge_base", "Knowledge base", ObjectType::Document, &["Draft", "In review", "Published", "Archived"]),
    of("issue_tracker", "Issues", ObjectType::Action, &["Backlog", "To do", "In progress", "In review", "Done"]),
    of(
        "content_calendar",
        "Content calendar",
        ObjectType::Document,
        &["Idea", "Writing", "Editing", "Scheduled", "Published"],
    ),
    of(
        "job_applications",
        "Job applications",
        ObjectType::Organization,
        &["Saved", "Applied", "Interview", "Offer", "Closed"],
    ),
    of("project_tracker", "Projects", ObjectType::Action, &["Planned", "Active", "Blocked", "Done"]),
    of("feedback", "Feedback", ObjectType::Action, &["New", "Under review", "Planned", "Done", "Declined"]),
    of("portco_tracker", "Portfolio", ObjectType::Organization, &["Onboarding", "Active", "Watch", "Exited"]),
    of(
        "deal_flow",
        "Deal flow",
        ObjectType::Organization,
        &["Sourced", "Meeting", "Diligence", "Term sheet", "Invested", "Passed"],
    ),
    of(
        "lp_fundraising",
        "LP fundraising",
        ObjectType::Organization,
        &["Research", "Contacted", "Meeting", "Soft circle", "Closed", "Passed"],
    ),
    ListTemplate { id: "custom", name: "List", object_type: None, stages: &["To do", "In progress", "Done"] },
];

/// Types a custom list can be of (contract §1.2).
pub const LIST_OBJECT_TYPES: [ObjectType; 5] =
    [ObjectType::Organization, ObjectType::Identity, ObjectType::Action, ObjectType::Document, ObjectType::Deal];

/// The template of this id.
#[must_use]
pub fn list_template(id: &str) -> Option<&'static ListTemplate> {
    LIST_TEMPLATES.iter().find(|template| template.id == id)
}

const fn of(
    id: &'static str,
    name: &'static str,
    object_type: ObjectType,
    stages: &'static [&'static str],
) -> ListTemplate {
    ListTemplate { id, name, object_type: Some(object_type), stages }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_of_a_type_that_lists_can_have() {
        for template in LIST_TEMPLATES {
            assert_eq!(list_template(template.id), Some(template));
            assert!(!template.stages.is_empty());
            assert!(template.object_type.is_none_or(|object_type| LIST_OBJECT_TYPES.contains(&object_type)));
        }
        assert!(list_template("no_such").is_none());
    }
}
