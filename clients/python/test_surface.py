"""Every method of every resource of the client but realtime, each by itself: a method that is added must be called here."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from micro_so import Micro
from micro_so._resource import SyncAPIResource

from contract import UUID

Unique = Callable[[str], str]
SINGULAR = {"identities": "identity"}
NOT_SERVED = {"realtime.create_ticket"}


def methods_of(resource: Any, name: str = "") -> Iterator[str]:
    """The dotted names of all methods under a resource, or under the client itself."""
    for attribute in dir(resource):
        if attribute.startswith(("_", "with_")):
            continue
        # Properties of the client make resources; some of its other attributes cannot be read before it is configured.
        value = getattr(resource, attribute, None)
        dotted = f"{name}.{attribute}".lstrip(".")
        if isinstance(value, SyncAPIResource):
            yield from methods_of(value, dotted)
        elif name and inspect.ismethod(value):
            yield dotted


METHODS = sorted(set(methods_of(Micro(api_key="k", team_id="t", base_url="http://127.0.0.1:1"))) - NOT_SERVED)


class Called:
    """Calls one method of the records of a type, on a record of its own."""

    def __init__(self, client: Micro, team_path: str, collection: str, unique: Unique) -> None:
        self.kind = SINGULAR.get(collection, collection.removesuffix("s"))
        self.slug = "full_name" if self.kind in ("contact", "identity") else "name"
        self.values: dict[str, object] = {self.slug: unique(self.kind)}
        made: Any = client.post(f"{team_path}/{self.kind}", cast_to=object, body={"default": self.values})
        self.client, self.team_path, self.id = client, team_path, made["id"]
        self.resource = getattr(client.prism.objects, collection)

    def call(self, method: str) -> None:
        """Calls it; what it says is validated by the client, and here what cannot be told from its shape."""
        getattr(self, method.replace(".", "_"))()

    def create(self) -> None:
        assert self.resource.create(default=self.values).default == self.values

    def get(self) -> None:
        assert self.resource.get(self.id).default == self.values

    def update(self) -> None:
        assert self.resource.update(self.id, default={self.slug: "New"}, if_match="*").default == {self.slug: "New"}

    def delete(self) -> None:
        assert self.resource.delete(self.id, if_match="*") is None

    def list(self) -> None:
        listed = self.resource.list(include_total=True, select=self.slug, extra_query=self.values)
        assert ([row.id for row in listed.data], listed.total) == ([self.id], 1)

    def query(self) -> None:
        query = {"select": [self.slug], "filter": [{self.slug: {"=": self.values[self.slug]}}]}
        found = self.resource.query(query=query, id=[self.id], include_total=True)
        assert [row.properties for row in found.data] == [self.values]

    def count(self) -> None:
        assert self.resource.count().total >= 1

    def find(self) -> None:
        assert self.resource.find(self.values[self.slug], slug=self.slug).id == self.id

    def upsert(self) -> None:
        assert self.resource.upsert(self.values[self.slug], slug=self.slug, default={}).id == self.id

    def duplicate(self) -> None:
        copy = self.resource.duplicate(self.id)
        assert copy.id != self.id and copy.default == self.values

    def restore(self) -> None:
        self.client.delete(f"{self.team_path}/{self.kind}/{self.id}", cast_to=type(None))
        assert self.resource.restore(self.id).default == self.values

    def bulk_create(self) -> None:
        job = self.resource.bulk_create(objects=[{"default": self.values}], options={"dedupe_by": self.slug})
        assert [(result.id, result.existing) for result in job.results] == [(self.id, True)]

    def bulk_update(self) -> None:
        assert self.resource.bulk_update(items=[{"id": self.id, "default": self.values}]).summary.succeeded == 1

    def bulk_delete(self) -> None:
        assert self.resource.bulk_delete(ids=[self.id]).summary.succeeded == 1

    def grant_get(self) -> None:
        assert set(self.resource.grant.get(self.id).team_id.values()) == {"a"}

    def grant_update(self) -> None:
        assert self.resource.grant.update(self.id, user_id=[{"u1": "r"}]).user_id == [{"u1": "r"}]


class Viewed:
    """Calls one method of views, on a view of its own."""

    def __init__(self, client: Micro, unique: Unique) -> None:
        self.deal = client.prism.objects.deals.create(default={"name": unique("Deal")}).id
        only: list[dict[str, object]] = [{"name": {"=": unique("Deal")}}]
        self.settings: dict[str, Any] = {"name": unique("View"), "view_type": "table", "filter": only}
        view_id = client.views.create("deal", **self.settings).id
        assert view_id is not None and UUID.match(view_id)
        self.views, self.id = client.views, view_id

    def call(self, method: str) -> None:
        """Calls it."""
        getattr(self, method.replace(".", "_"))()

    def create(self) -> None:
        assert self.views.create("deal", **self.settings).id != self.id

    def get(self) -> None:
        assert self.views.get(self.id, view_object_type="deal").name == self.settings["name"]

    def update(self) -> None:
        assert self.views.update(self.id, view_object_type="deal", icon="x").icon == "x"

    def delete(self) -> None:
        assert self.views.delete(self.id, view_object_type="deal") is None

    def records_list(self) -> None:
        listed: Any = self.views.records.list(self.id, view_object_type="deal")
        assert [row["id"] for row in listed.data] == [self.deal]

    def records_pin(self) -> None:
        self.views.records.pin(self.deal, view_object_type="deal", view_id=self.id)

    def records_reorder(self) -> None:
        self.views.records.reorder(self.id, view_object_type="deal", object_ids=[self.deal])

    def records_unpin(self) -> None:
        self.records_pin()
        self.views.records.unpin(self.deal, view_object_type="deal", view_id=self.id)


@pytest.mark.parametrize("name", METHODS)
def test_a_method(client: Micro, team_path: str, unique: Unique, name: str) -> None:
    assert callable(operator.attrgetter(name)(client))
    if name.startswith("prism.objects."):
        collection, _, method = name.removeprefix("prism.objects.").partition(".")
        Called(client, team_path, collection, unique).call(method)
    elif name.startswith("views."):
        Viewed(client, unique).call(name.removeprefix("views."))
    elif name == "prism.imports.get":
        rows = [{"default": {"name": unique(f"Row {number}")}} for number in range(100)]
        accepted = client.prism.objects.deals.bulk_create(objects=rows)
        assert accepted.job_id is not None and client.prism.imports.get(accepted.job_id).total == 100
    elif name == "prism.properties.list":
        assert list(client.prism.properties.list("contact")) == ["contact"]
    elif name == "prism.properties.list_all":
        assert "contact" in client.prism.properties.list_all(term="name", autofill=True)
    else:
        pytest.fail(f"nothing here calls {name}")
