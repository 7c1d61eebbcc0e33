"""Saved views through the client: every call, for every type that the client has views of and this server keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from micro_so import BadRequestError, Micro, NotFoundError

from contract import UUID, check_error

Unique = Callable[[str], str]

TYPES = ["action", "deal", "engagement", "document", "event", "identity", "organization"]
each_type = pytest.mark.parametrize("kind", TYPES)


def made(client: Micro, kind: str, **settings: Any) -> Any:
    return client.views.create(kind, name="Mine", view_type="table", **settings)  # type: ignore[arg-type]


@each_type
def test_a_view_is_made_read_changed_and_dropped(client: Micro, kind: Any) -> None:
    view = made(client, kind, icon="x", sort_order=2, column_layout={"name": 120}, group_hide_empty=True)
    assert view.id is not None and UUID.match(view.id)
    assert (view.name, view.view_type, view.icon, view.sort_order) == ("Mine", "table", "x", 2)
    assert (view.combinator, view.filter, view.select, view.sort) == ("AND", [], [], [])
    assert client.views.get(view.id, view_object_type=kind).to_dict() == view.to_dict()
    changed = client.views.update(view.id, view_object_type=kind, name="Theirs", icon=None, combinator="OR")
    assert (changed.name, changed.icon, changed.combinator, changed.sort_order) == ("Theirs", None, "OR", 2)
    assert client.views.delete(view.id, view_object_type=kind) is None
    with pytest.raises(NotFoundError) as gone:
        client.views.get(view.id, view_object_type=kind)
    check_error(gone.value, 404, "not_found")


@pytest.fixture
def deals(client: Micro, unique: Unique) -> list[str]:
    return [client.prism.objects.deals.create(default={"name": unique(name), "source": unique("here")}).id for name in "abcd"]


def of_deals(client: Micro, unique: Unique, **settings: Any) -> Any:
    here: list[dict[str, object]] = [{"source": {"=": unique("here")}}]
    return made(client, "deal", filter=here, sort=[{"name": "desc"}], select=["name"], **settings)


def ids_of(page: Any) -> list[str]:
    return [row["id"] for row in page.data]


def test_records_come_as_the_view_says(client: Micro, unique: Unique, deals: list[str]) -> None:
    view = of_deals(client, unique)
    first = client.views.records.list(view.id, view_object_type="deal", limit=3)
    assert ids_of(first) == deals[:0:-1] and first.has_more and first.next_cursor is not None
    assert first.data[0]["properties"] == {"name": unique("d")}
    last = client.views.records.list(view.id, view_object_type="deal", cursor=first.next_cursor)
    assert (ids_of(last), last.has_more, last.next_cursor) == (deals[:1], False, None)
    second = client.views.records.list(view.id, view_object_type="deal", limit=2, page=2)
    assert ids_of(second) == [deals[1], deals[0]]
    whole: Any = client.views.get(view.id, view_object_type="deal", include="records", limit=2)
    assert whole.view.to_dict() == view.to_dict()
    assert ids_of(whole.records) == [deals[3], deals[2]] and whole.records.has_more


def test_pinned_records_come_first(client: Micro, unique: Unique, deals: list[str]) -> None:
    view = of_deals(client, unique)
    records = client.views.records

    def shown() -> list[str]:
        return ids_of(records.list(view.id, view_object_type="deal"))

    for record_id in (deals[1], deals[0]):
        assert records.pin(record_id, view_object_type="deal", view_id=view.id) is None
    assert shown() == [deals[1], deals[0], deals[3], deals[2]]
    assert records.reorder(view.id, view_object_type="deal", object_ids=[deals[0], deals[1]]) is None
    assert shown() == [deals[0], deals[1], deals[3], deals[2]]
    assert records.unpin(deals[1], view_object_type="deal", view_id=view.id) is None
    assert shown() == [deals[0], deals[3], deals[2], deals[1]]
    with pytest.raises(NotFoundError):
        records.pin("6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7", view_object_type="deal", view_id=view.id)


def test_a_view_is_made_once_for_a_key(client: Micro, unique: Unique) -> None:
    first = made(client, "deal", idempotency_key=unique("view"))
    assert made(client, "deal", idempotency_key=unique("view")).id == first.id


def test_what_cannot_be_asked_is_refused(client: Micro) -> None:
    with pytest.raises(BadRequestError) as refused:
        made(client, "deal", filter=[{"nmae": {"=": "x"}}])
    error = check_error(refused.value, 400, "unknown_property")
    assert "name" in error["message"]


def test_the_older_route_is_the_same(client: Micro, team_path: str) -> None:
    older: Any = client.post(f"{team_path}/view/deal", cast_to=object, body={"name": "Mine", "view_type": "table"})
    assert client.get(f"{team_path}/view/deal/{older['id']}", cast_to=object) == older
    listed: Any = client.get(f"{team_path}/deal/views", cast_to=object)
    assert older in listed["data"]
