//! Lists: what makes one, and how one is shown.

use refract_domain::ids::TeamId;
use refract_domain::json::unquote;
use refract_domain::object_type::ObjectType;
use refract_domain::property::{LIST_OBJECT_TYPES, LIST_TEMPLATES, ListTemplate, list_template, nearest};
use refract_domain::view::SavedView;
use refract_engine::{List, WantedList};
use refract_wire::{List as WireList, ListTemplate as WireTemplate, ListView, NewList};

use super::time::rfc3339;
use crate::error::ApiError;

const NAME_CHARS_MAX: usize = 200;

/// The list that a body asks for (contract §6.1).
pub(crate) fn wanted_list(body: NewList) -> Result<WantedList, ApiError> {
    let template = list_template(&body.template_id).ok_or_else(|| unknown_template(&body.template_id))?;
    let object_type = object_type_of(template, body.object_type.as_deref())?;
    for (field, text) in [("name", &body.name), ("icon", &body.icon)] {
        let fits = text.as_ref().is_none_or(|text| (1..=NAME_CHARS_MAX).contains(&text.trim().chars().count()));
        if !fits {
            let message = format!("{field} must have 1 to {NAME_CHARS_MAX} characters.");
            return Err(ApiError::invalid_field(format!(".body.{field}"), message));
        }
    }
    Ok(WantedList { template, name: body.name, icon: body.icon, object_type })
}

fn unknown_template(sent: &str) -> ApiError {
    let known = || LIST_TEMPLATES.iter().map(|template| template.id);
    let advice = match nearest(sent, known()) {
        Some(id) => format!("did you mean {id:?}?"),
        None => format!("there are {}.", known().collect::<Vec<_>>().join(", ")),
    };
    ApiError::invalid_field(".body.template_id", format!("There is no such template; {advice}"))
}

fn object_type_of(template: &ListTemplate, sent: Option<&str>) -> Result<ObjectType, ApiError> {
    let refused = |message: String| Err(ApiError::invalid_field(".body.object_type", message));
    match (template.object_type, sent) {
        (Some(object_type), None) => Ok(object_type),
        (Some(object_type), Some(_)) => {
            refused(format!("The template {} is of {object_type}; leave object_type out.", template.id))
        }
        (None, sent) => {
            let wanted = sent.and_then(ObjectType::parse).filter(|wanted| LIST_OBJECT_TYPES.contains(wanted));
            let known = LIST_OBJECT_TYPES.map(ObjectType::name).join(", ");
            wanted.map_or_else(|| refused(format!("A custom list needs an object_type: one of {known}.")), Ok)
        }
    }
}

/// A template as it is shown.
pub(crate) fn template(template: &ListTemplate) -> WireTemplate {
    let of_custom = LIST_OBJECT_TYPES.map(|object_type| object_type.name().to_owned()).to_vec();
    let object_type = template.object_type.map(|object_type| object_type.name().to_owned());
    WireTemplate {
        id: template.id.to_owned(),
        name: template.name.to_owned(),
        template_type: template.id.to_owned(),
        supported_object_types: object_type.clone().map_or(of_custom, |object_type| vec![object_type]),
        object_type,
        stages: template.stages.iter().map(|stage| (*stage).to_owned()).collect(),
    }
}

/// A list as it is shown, with those of the team's views that are of it.
pub(crate) fn list(list: List, team_id: TeamId, views: &[SavedView]) -> WireList {
    WireList {
        id: list.id.to_string(),
        name: list.name,
        object_type: list.object_type.name().to_owned(),
        team_id: team_id.to_string(),
        created_at: rfc3339(list.created_at),
        icon: list.icon,
        template_type: list.template.clone(),
        template_id: list.template,
        views: views.iter().filter(|view| view.is_of_list(list.id)).map(of_list).collect(),
    }
}

fn of_list(view: &SavedView) -> ListView {
    ListView { id: view.id.to_string(), name: view.setting("name").map(|name| unquote(name).into_owned()) }
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::ids::ListId;

    use super::*;

    fn wanted(template_id: &str, object_type: Option<&str>, name: Option<&str>) -> Result<ObjectType, u16> {
        let body = NewList {
            template_id: template_id.into(),
            name: name.map(str::to_owned),
            icon: None,
            object_type: object_type.map(str::to_owned),
        };
        wanted_list(body).map(|wanted| wanted.object_type).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn object_type_comes_with_custom_and_with_no_other_template() {
        assert_eq!(wanted("sales_deals", None, None), Ok(ObjectType::Deal));
        assert_eq!(wanted("custom", Some("organization"), Some("Mine")), Ok(ObjectType::Organization));
        for (template, object_type, name) in [
            ("sales_deals", Some("deal"), None),
            ("custom", None, None),
            ("custom", Some("contact"), None),
            ("no_such", None, None),
            ("recruiting", None, Some("  ")),
        ] {
            assert_eq!(wanted(template, object_type, name), Err(400), "{template} {object_type:?} {name:?}");
        }
    }

    #[test]
    fn a_list_is_shown_with_its_team() {
        let shown = list(
            List {
                id: ListId::from_bytes([1; 16]),
                name: "Deals".into(),
                object_type: ObjectType::Deal,
                template: "sales_deals".into(),
                icon: None,
                created_at: Timestamp(0),
            },
            TeamId::from_bytes([2; 16]),
            &[],
        );
        let text = serde_json::to_string(&shown).expect("plain data");
        let expected = concat!(
            r#"{"id":"01010101-0101-0101-0101-010101010101","name":"Deals","object_type":"deal","#,
            r#""team_id":"02020202-0202-0202-0202-020202020202","created_at":"1970-01-01T00:00:00.000Z","#,
            r#""type":"sales_deals","template_id":"sales_deals","views":[]}"#
        );
        assert_eq!(text, expected);
    }
}
