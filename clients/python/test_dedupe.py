"""Matching by a dedupe key: what counts as the same, what a match does, what a missing key means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from micro_so import Micro

from imports import CONTACT, complete_job, ids, import_contacts, import_now, outcomes

Address = Callable[[str], str]
BY_EMAIL = {"dedupe_by": "email"}


def contact(email: object, **values: object) -> dict[str, Any]:
    return {"default": {"email": email, **values}}


def stored(client: Micro, record_id: str | None) -> dict[str, object]:
    """The values of one contact."""
    assert record_id is not None
    record = client.prism.objects.contacts.get(record_id)
    assert record.default is not None
    return record.default


def test_match_is_skipped_by_default(client: Micro, unique_email: Address) -> None:
    email = unique_email("ada")
    first = import_contacts(client, [contact(email, full_name="Ada", city="London")], BY_EMAIL)
    second = import_contacts(client, [contact(email, full_name="Changed", title="New")], BY_EMAIL)

    assert outcomes(second) == ["existing"]
    assert ids(second) == ids(first)
    values = stored(client, ids(first)[0])
    assert (values["full_name"], values["city"], values.get("title")) == ("Ada", "London", None)


def test_without_dedupe_every_row_is_created(client: Micro, unique_email: Address) -> None:
    job = import_contacts(client, [contact(unique_email("twin"))] * 3)
    assert outcomes(job) == ["created"] * 3
    assert len(set(ids(job))) == 3


def test_case_is_ignored_by_default(client: Micro, unique_email: Address) -> None:
    email = unique_email("ada")
    first = import_contacts(client, [contact(email)], BY_EMAIL)
    second = import_contacts(client, [contact(email.upper()), contact(f"  {email.title()}\t")], BY_EMAIL)
    assert outcomes(second) == ["existing"] * 2
    assert ids(second) == ids(first) * 2


@pytest.mark.parametrize(("case_insensitive", "expected"), [(True, "existing"), (False, "created")])
def test_case_by_option(client: Micro, unique_email: Address, case_insensitive: bool, expected: str) -> None:
    """The client's own name of the option is `case_insensitive`; it sends `caseInsensitive`."""
    email = unique_email("ada")
    options = {"dedupe_by": "email", "case_insensitive": case_insensitive}
    import_now(client, CONTACT, [contact(email)], options=options)
    second = import_now(client, CONTACT, [contact(email.upper()), contact(email)], options=options)
    assert outcomes(second) == [expected, "existing"]


def test_case_folding_is_unicode(client: Micro, unique: Callable[[str], str]) -> None:
    """ß folds to ss, final sigma to sigma, and a decomposed é equals the composed one."""
    pairs = [("Straße", "STRASSE"), ("ΟΔΟΣ", "οδος"), ("Caf\u00e9", "CAFE\u0301")]
    for left, right in pairs:
        rows = [{"default": {"full_name": unique(left)}}, {"default": {"full_name": unique(right)}}]
        job = import_contacts(client, rows, {"dedupe_by": "full_name"})
        assert outcomes(job) == ["created", "existing"], f"{left!r} and {right!r} are the same name"


def test_values_are_stored_as_sent(client: Micro, unique_email: Address) -> None:
    sent = f"  {unique_email('Ada').title()} "
    job = import_contacts(client, [contact(sent)], BY_EMAIL)
    assert stored(client, ids(job)[0])["email"] == sent


def test_repeats_within_one_import_match_the_first(client: Micro, unique_email: Address) -> None:
    ada, bob = unique_email("ada"), unique_email("bob")
    job = import_contacts(
        client,
        [contact(ada, full_name="First"), contact(bob), contact(ada.upper(), full_name="Second"), contact(ada)],
        BY_EMAIL,
    )
    assert outcomes(job) == ["created", "created", "existing", "existing"]
    assert ids(job)[2] == ids(job)[3] == ids(job)[0] != ids(job)[1]
    assert stored(client, ids(job)[0])["full_name"] == "First"


def test_repeats_across_a_job_match_the_first(client: Micro, unique: Callable[[str], str]) -> None:
    rows = CONTACT.rows(120, unique)
    job = complete_job(client, CONTACT, rows + rows, options=BY_EMAIL)
    assert outcomes(job) == ["created"] * 120 + ["existing"] * 120
    assert ids(job)[:120] == ids(job)[120:]


def test_update_existing_patches_the_match(client: Micro, unique_email: Address) -> None:
    email = unique_email("ada")
    options = {**BY_EMAIL, "update_existing": True}
    first = import_contacts(client, [contact(email, full_name="Ada", city="London", title="Countess")], options)
    second = import_contacts(client, [contact(email, full_name="Ada L.", title=None, country="UK")], options)

    assert outcomes(first) == ["created"]
    assert outcomes(second) == ["updated"]
    assert ids(second) == ids(first)
    values = stored(client, ids(first)[0])
    assert values["full_name"] == "Ada L.", "a given value replaces"
    assert values["city"] == "London", "an absent value stays"
    assert values.get("title") is None, "null clears"
    assert values["country"] == "UK"


def test_update_existing_without_a_change_is_only_existing(client: Micro, unique_email: Address) -> None:
    options = {**BY_EMAIL, "update_existing": True}
    row = contact(unique_email("ada"), full_name="Ada", first_interaction_date="2026-03-01")
    first = import_contacts(client, [row], options)
    second = import_contacts(client, [row], options)
    assert outcomes(second) == ["existing"]
    assert ids(second) == ids(first)


def test_update_existing_applies_repeats_in_order(client: Micro, unique_email: Address) -> None:
    email = unique_email("ada")
    rows = [contact(email, full_name="one"), contact(email, full_name="two"), contact(email, full_name="three")]
    job = import_contacts(client, rows, {**BY_EMAIL, "update_existing": True})
    assert outcomes(job) == ["created", "updated", "updated"]
    assert stored(client, ids(job)[0])["full_name"] == "three"


@pytest.mark.parametrize("blank", [None, "", "   \t"], ids=["null", "empty", "blank"])
def test_rows_without_a_key_are_created(client: Micro, blank: object) -> None:
    job = import_contacts(client, [contact(blank), contact(blank), {"default": {"full_name": "no key"}}], BY_EMAIL)
    assert outcomes(job) == ["created"] * 3
    assert len(set(ids(job))) == 3


def test_rows_without_values_are_created(client: Micro) -> None:
    job = import_contacts(client, [{}, {"default": None}, {"default": {}}], BY_EMAIL)
    assert outcomes(job) == ["created"] * 3


def test_several_matches_are_a_row_error(client: Micro, unique_email: Address) -> None:
    email = unique_email("twin")
    twins = import_contacts(client, [contact(email), contact(email)])
    job = import_contacts(client, [contact(email, full_name="Which?"), contact(unique_email("other"))], BY_EMAIL)

    assert outcomes(job) == ["multiple_matches", "created"]
    for twin in ids(twins):
        assert str(twin) in job.results[0].error.message, "the message names the candidates"
        assert stored(client, twin).get("full_name") is None, "nothing is written"


def test_a_deleted_record_does_not_match(client: Micro, unique_email: Address) -> None:
    email = unique_email("gone")
    first = import_contacts(client, [contact(email)], BY_EMAIL)
    client.prism.objects.contacts.delete(str(ids(first)[0]))
    second = import_contacts(client, [contact(email)], BY_EMAIL)
    assert outcomes(second) == ["created"]
    assert ids(second) != ids(first)


def test_a_single_create_is_matched(client: Micro, unique_email: Address) -> None:
    email = unique_email("single")
    created = client.prism.objects.contacts.create(default={"email": email})
    job = import_contacts(client, [contact(email.upper())], BY_EMAIL)
    assert outcomes(job) == ["existing"]
    assert ids(job) == [created.id]


def test_a_patched_key_is_matched(client: Micro, unique_email: Address) -> None:
    before, after = unique_email("before"), unique_email("after")
    first = import_contacts(client, [contact(before)], BY_EMAIL)
    client.prism.objects.contacts.update(str(ids(first)[0]), default={"email": after})
    second = import_contacts(client, [contact(after), contact(before)], BY_EMAIL)
    assert outcomes(second) == ["existing", "created"]
    assert ids(second)[0] == ids(first)[0]


def test_identities_match_on_any_address(client: Micro, unique_email: Address) -> None:
    home, work = unique_email("home"), unique_email("work")
    options = {"dedupe_by": "email_addresses"}
    identities = client.prism.objects.identities
    first = identities.bulk_create(objects=[{"default": {"email_addresses": [home, work]}}], options=options)
    second = identities.bulk_create(objects=[{"default": {"email_addresses": [work.upper()]}}], options=options)
    assert outcomes(first) == ["created"]
    assert outcomes(second) == ["existing"]
    assert ids(second) == ids(first)


def test_one_slug_in_an_array_is_that_slug(client: Micro, unique_email: Address) -> None:
    row = contact(unique_email("ada"))
    job = import_contacts(client, [row, row], {"dedupe_by": ["email"]})
    assert outcomes(job) == ["created", "existing"]


@pytest.mark.parametrize("absent", [None, []], ids=["null", "empty array"])
def test_an_empty_dedupe_by_counts_as_absent(client: Micro, unique_email: Address, absent: object) -> None:
    row = contact(unique_email("ada"))
    job = import_contacts(client, [row, row], {"dedupe_by": absent})
    assert outcomes(job) == ["created", "created"]


def test_a_bad_row_fails_even_when_it_would_be_skipped(client: Micro, unique_email: Address) -> None:
    email = unique_email("ada")
    import_contacts(client, [contact(email)], BY_EMAIL)
    job = import_contacts(client, [contact(email, no_such_property=1)], BY_EMAIL)
    assert outcomes(job) == ["unknown_property"]
