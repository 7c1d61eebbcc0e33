"""Grants through the client, for every type that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from micro_so import APIStatusError, Micro, PermissionDeniedError

from contract import check_error

Unique = Callable[[str], str]

GRANTED = ["deals", "actions", "documents", "engagements"]
each_granted = pytest.mark.parametrize("name", GRANTED)


def made(client: Micro, name: str) -> tuple[Any, str]:
    collection = getattr(client.prism.objects, name)
    return collection, collection.create(default={"description": "a"}).id


@each_granted
def test_grants_are_shown_and_put(client: Micro, name: str) -> None:
    collection, record_id = made(client, name)
    own = collection.grant.get(record_id).team_id
    assert own is not None and set(own.values()) == {"a"}
    put = collection.grant.update(record_id, user_id=[{"u1": "w"}], team_group_id=[{"g1": "r"}])
    assert (put.user_id, put.team_id, put.team_group_id) == ([{"u1": "w"}], own, [{"g1": "r"}])
    assert collection.grant.get(record_id).to_dict() == put.to_dict()


@each_granted
def test_what_may_only_be_read_is_not_written(client: Micro, name: str) -> None:
    collection, record_id = made(client, name)
    [team] = collection.grant.get(record_id).team_id
    collection.grant.update(record_id, body_team_id={team: "r"})
    with pytest.raises(PermissionDeniedError) as refused:
        collection.update(record_id, default={"description": "b"})
    check_error(refused.value, 403, "forbidden")
    with pytest.raises(PermissionDeniedError):
        collection.delete(record_id)
    batch = collection.bulk_delete(ids=[record_id])
    assert batch.results[0].status == "error" and batch.summary.failed == 1
    assert collection.get(record_id).default["description"] == "a"
    collection.grant.update(record_id, body_team_id={team: "a"})
    assert collection.update(record_id, default={"description": "b"}).default["description"] == "b"


def test_events_have_grants(client: Micro, team_path: str, unique: Unique) -> None:
    event: Any = client.post(f"{team_path}/event", cast_to=object, body={"default": {"name": unique("Event")}})
    grant = client.prism.objects.events.grant
    put = grant.update(event["id"], user_id=[{"u1": "r"}])
    assert put.user_id == [{"u1": "r"}] and grant.get(event["id"]).to_dict() == put.to_dict()


def test_the_older_route_is_the_same(client: Micro, team_path: str) -> None:
    _, record_id = made(client, "deals")
    team = team_path.rsplit("/", 1)[-1]
    older: Any = client.get(f"/v2/prism/grant/{team}/deal/{record_id}", cast_to=object)
    assert older == {"user_id": [], "team_id": {team: "a"}, "team_group_id": []}


def test_people_and_companies_have_none(client: Micro, team_path: str, unique: Unique) -> None:
    identity = client.prism.objects.identities.create(default={"full_name": unique("Ada")})
    with pytest.raises(APIStatusError) as refused:
        client.get(f"{team_path}/identity/{identity.id}/grant", cast_to=object)
    check_error(refused.value, 405, "method_not_allowed")
