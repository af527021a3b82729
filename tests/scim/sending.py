"""Ways of sending a value to a user, for tests that hold for all of them."""

from typing import Any

WAYS = ("POST", "PUT", "replace", "add", "replace, no path", "add, no path", "Bulk")
WORK, HOME = {"type": "work", "value": "w@x"}, {"type": "home", "value": "h@x"}


def op(name: str, path: str | None = None, value: Any = None) -> dict[str, Any]:
    return {"op": name, **({"path": path} if path else {}), **({} if value is None else {"value": value})}


def sent(scim: Any, way: str, attribute: str, value: Any) -> Any:
    """Send a value by one of the ways, to somebody without it; the answer to the request, or to the operation."""
    body = {"userName": "way@x.com", attribute: value}
    if way in ("POST", "Bulk"):
        if way == "POST":
            return scim.post("/Users", body)
        return scim.post("/Bulk", {"Operations": [{"method": "POST", "path": "/Users", "bulkId": "b", "data": body}]})
    address = f"/Users/{scim.user('way@x.com')['id']}"
    if way == "PUT":
        return scim.put(address, body)
    name, _, pathless = way.partition(", ")
    return scim.patch(address, op(name, value={attribute: value}) if pathless else op(name, attribute, value))


def stored(scim: Any) -> dict[str, Any]:
    found = scim.find("/Users", 'userName eq "way@x.com"').json()["Resources"]
    return found[0] if found else {}


def refusal(answer: Any) -> tuple[int, str, str]:
    document = answer.json()
    if "Operations" in document:
        document = document["Operations"][0]["response"]
    return int(document["status"]), document["scimType"], document["detail"]
