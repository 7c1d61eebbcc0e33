"""Lists, new select options and list stages: what the options of an import do beyond matching."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from micro_so import BadRequestError, Micro

from contract import UUID, check_error, check_property, check_record
from imports import CONTACT, IMPORTABLE_TYPES, collection_of, ids, import_contacts, import_now, outcomes

Unique = Callable[[str], str]
ORGANIZATION = next(kind for kind in IMPORTABLE_TYPES if kind.name == "organization")
ANY_UUID = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"


@pytest.fixture
def new_list(client: Micro, team_path: str, unique: Unique) -> Callable[[str], str]:
    """Makes a list of an object type and returns its id. The client has no method for lists in this version."""

    def make(object_type: str) -> str:
        body = {"template_id": "custom", "object_type": object_type, "name": unique(f"List of {object_type}")}
        created: Any = client.post(f"{team_path}/lists", cast_to=object, body=body)
        assert isinstance(created, dict) and UUID.match(str(created.get("id"))), f"no list was made: {created!r}"
        assert created["object_type"] == object_type
        assert created["name"] == body["name"]
        assert created["team_id"] == client.team_id
        return str(created["id"])

    return make


def test_lists_can_be_listed(client: Micro, team_path: str, new_list: Callable[[str], str]) -> None:
    list_id = new_list("deal")
    answer: Any = client.get(f"{team_path}/lists", cast_to=object)
    assert list_id in [each["id"] for each in answer["data"]]


def test_list_members_are_all_rows_with_a_record(client: Micro, new_list: Callable[[str], str], unique: Unique) -> None:
    """Created, matched and skipped records join; a failed row joins nothing; other records stay out."""
    list_id = new_list("organization")
    rows = ORGANIZATION.rows(4, unique)
    options = {"dedupe_by": "primary_domain"}
    outside = import_now(client, ORGANIZATION, rows[:2], options=options)
    organizations = client.prism.objects.organizations
    assert organizations.count(list_id=list_id).total == 0

    bad = {"default": {"no_such_property": 1}}
    job = import_now(client, ORGANIZATION, [*rows[1:], bad], options={**options, "list_id": list_id})
    assert outcomes(job) == ["existing", "created", "created", "unknown_property"]
    assert ids(job)[0] == ids(outside)[1]
    assert organizations.count(list_id=list_id).total == 3

    again = import_now(client, ORGANIZATION, rows[1:], options={**options, "list_id": list_id})
    assert outcomes(again) == ["existing"] * 3
    assert organizations.count(list_id=list_id).total == 3, "joining twice counts once"


def test_crm_id_is_the_older_name_of_list_id(client: Micro, new_list: Callable[[str], str], unique: Unique) -> None:
    list_id = new_list("organization")
    rows = ORGANIZATION.rows(2, unique)
    import_now(client, ORGANIZATION, rows, extra_body={"options": {"crm_id": list_id}})
    assert client.prism.objects.organizations.count(list_id=list_id).total == 2


def test_list_of_another_type_is_refused(client: Micro, new_list: Callable[[str], str], unique: Unique) -> None:
    list_id = new_list("deal")
    with pytest.raises(BadRequestError) as caught:
        import_now(client, ORGANIZATION, ORGANIZATION.rows(1, unique), options={"list_id": list_id})
    check_error(caught.value, 400, "invalid_request")


def test_two_different_list_ids_are_refused(client: Micro, new_list: Callable[[str], str], unique: Unique) -> None:
    options = {"list_id": new_list("organization"), "crm_id": new_list("organization")}
    with pytest.raises(BadRequestError) as caught:
        import_now(client, ORGANIZATION, ORGANIZATION.rows(1, unique), extra_body={"options": options})
    check_error(caught.value, 400, "invalid_request")


def test_list_values_without_a_list_are_a_row_error(client: Micro, unique: Unique) -> None:
    rows = ORGANIZATION.rows(2, unique)
    rows[0]["list"] = {"stage": "won"}
    rows[1]["list"] = {}
    assert outcomes(import_now(client, ORGANIZATION, rows)) == ["invalid_value", "created"]


def test_required_list_stage_is_missed(client: Micro, new_list: Callable[[str], str], unique: Unique) -> None:
    deal = next(kind for kind in IMPORTABLE_TYPES if kind.name == "deal")
    options = {"list_id": new_list("deal"), "require_list_stage": True}
    job = import_now(client, deal, deal.rows(2, unique), extra_body={"options": options})
    assert outcomes(job) == ["missing_list_stage"] * 2


def seniority(client: Micro) -> dict[str, Any]:
    """The definition of the contact's select property, read anew."""
    definitions: Any = client.prism.properties.list("contact")["contact"]
    found = [check_property(definition, key) for key, definition in definitions.items()]
    return next(definition for definition in found if definition["slug"] == "seniority")


def seniority_of(client: Micro, record_id: str | None) -> object:
    answer = client.prism.objects.contacts.with_raw_response.get(str(record_id), select="seniority")
    return check_record(answer.json())["default"].get("seniority")


def test_unknown_option_is_a_row_error(client: Micro, unique: Unique) -> None:
    rows = CONTACT.rows(2, unique)
    rows[0]["default"]["seniority"] = unique("Grand Vizier")
    assert outcomes(import_contacts(client, rows)) == ["invalid_option", "created"]
    assert unique("Grand Vizier") not in [option.get("value") for option in seniority(client).get("options") or []]


def test_create_missing_options_makes_each_option_once(client: Micro, unique: Unique) -> None:
    value = unique("Grand-Vizier (acting)")
    slug = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
    rows = CONTACT.rows(3, unique)
    for row, spelling in zip(rows, (value, value.upper(), f" {value} "), strict=True):
        row["default"]["seniority"] = spelling
    job = import_contacts(client, rows, {"create_missing_options": True})

    assert outcomes(job) == ["created"] * 3
    made = [option for option in seniority(client)["options"] if option.get("value") == value]
    assert [option["slug"] for option in made] == [slug]
    assert [seniority_of(client, record_id) for record_id in ids(job)] == [slug] * 3, "options are read as slugs"


def test_an_option_is_found_by_slug_id_and_value(client: Micro, unique: Unique) -> None:
    value = unique("Court Mathematician")
    seed = CONTACT.rows(1, unique)
    seed[0]["default"]["seniority"] = value
    import_contacts(client, seed, {"create_missing_options": True})
    option = next(each for each in seniority(client)["options"] if each.get("value") == value)

    spellings = [option["slug"], option["id"], value, value.upper()]
    rows: list[dict[str, Any]] = [{"default": {"seniority": spelling}} for spelling in spellings]
    job = import_contacts(client, rows)
    assert outcomes(job) == ["created"] * len(spellings)
    assert [seniority_of(client, record_id) for record_id in ids(job)] == [option["slug"]] * len(spellings)


def test_skipped_and_failed_rows_make_no_option(client: Micro, unique: Unique) -> None:
    rows = CONTACT.rows(2, unique)
    import_contacts(client, rows[:1], {"dedupe_by": "email"})
    skipped, failed = unique("Skipped"), unique("Failed")
    rows[0]["default"]["seniority"] = skipped
    rows[1]["default"].update(seniority=failed, no_such_property=1)
    job = import_contacts(client, rows, {"dedupe_by": "email", "create_missing_options": True})

    assert outcomes(job) == ["existing", "unknown_property"]
    values = [option.get("value") for option in seniority(client).get("options") or []]
    assert skipped not in values and failed not in values


@pytest.mark.parametrize("kind", IMPORTABLE_TYPES, ids=lambda kind: kind.name)
def test_unknown_list_is_refused(client: Micro, kind: Any, unique: Unique) -> None:
    before = collection_of(client, kind).count().total
    with pytest.raises(BadRequestError) as caught:
        collection_of(client, kind).bulk_create(objects=kind.rows(1, unique), options={"list_id": ANY_UUID})
    error = check_error(caught.value, 400, "invalid_request")
    assert "list_id" in error["message"] + repr(error.get("errors"))
    assert collection_of(client, kind).count().total == before, "nothing may be written"
