"""Property metadata through the client: both routes, the shape of every definition, and the built-in slugs."""

from __future__ import annotations

from typing import Any

import pytest
from micro_so import Micro, NotFoundError

from contract import check_error, check_property

TEXT = frozenset({"str", "text"})
BUILT_IN: dict[str, dict[str, frozenset[str]]] = {
    "contact": {
        **dict.fromkeys(("full_name", "first_name", "last_name", "email", "title", "city", "country"), TEXT),
        **dict.fromkeys(("description", "linkedin", "twitter", "github", "photo_url"), TEXT),
        **dict.fromkeys(("first_interaction_date", "last_interaction_date"), frozenset({"date"})),
        "seniority": frozenset({"select_str"}),
        **dict.fromkeys(("department", "tags", "labels"), frozenset({"multiselect_str"})),
    },
    "identity": {
        **dict.fromkeys(("full_name", "first_name", "last_name", "title", "about", "city", "country"), TEXT),
        "first_degree": frozenset({"bool"}),
        "linkedin_connection_since": frozenset({"date"}),
        **dict.fromkeys(("relationship_strength", "seniority"), frozenset({"select_str"})),
        "labels": frozenset({"multiselect_str"}),
        "email_addresses": frozenset({"multiref_contact"}),
    },
    "organization": {"name": TEXT, "primary_domain": TEXT, "location": TEXT, "logo_url": TEXT},
    "deal": {"name": TEXT},
    "action": {"name": TEXT},
    "document": {"name": TEXT},
    "engagement": {"name": TEXT},
    "event": {"name": TEXT},
}


def definitions_of(answer: Any, object_type: str) -> dict[str, dict[str, Any]]:
    """Definitions by slug, each checked."""
    assert object_type in answer, f"no definitions of {object_type}, only of {sorted(answer)}"
    checked = [check_property(definition, key) for key, definition in answer[object_type].items()]
    by_slug = {definition["slug"]: definition for definition in checked}
    assert len(by_slug) == len(checked), f"{object_type} has a slug twice"
    return by_slug


@pytest.mark.parametrize("object_type", BUILT_IN)
def test_properties_of_a_type(client: Micro, object_type: Any) -> None:
    answer = client.prism.properties.list(object_type)
    assert list(answer) == [object_type], "only the type that was asked for"
    by_slug = definitions_of(answer, object_type)
    for slug, types in BUILT_IN[object_type].items():
        assert slug in by_slug, f"{object_type} has no {slug}, only {sorted(by_slug)}"
        assert by_slug[slug]["type"] in types, f"{slug}: {by_slug[slug]!r}"


def test_properties_of_all_types(client: Micro) -> None:
    answer = client.prism.properties.list_all()
    for object_type in BUILT_IN:
        own = client.prism.properties.list(object_type)
        assert answer[object_type] == own[object_type], f"the two routes differ about {object_type}"
        definitions_of(answer, object_type)


def test_term_filters_by_name(client: Micro) -> None:
    """A case-insensitive substring of the name."""
    everything = definitions_of(client.prism.properties.list("contact"), "contact")
    wanted = {slug for slug, definition in everything.items() if "inter" in (definition.get("name") or "").lower()}
    found: Any = client.prism.properties.list("contact", term="INTER")
    assert {definition["slug"] for definition in found.get("contact", {}).values()} == wanted
    assert {"first_interaction_date", "last_interaction_date"} <= wanted < set(everything)


def test_term_that_matches_nothing(client: Micro) -> None:
    found: Any = client.prism.properties.list("contact", term="no such property anywhere")
    assert found.get("contact", {}) == {}


def test_properties_of_an_unknown_type(client: Micro) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.prism.properties.list("spaceship")
    check_error(caught.value, 404, "unknown_object_type")
