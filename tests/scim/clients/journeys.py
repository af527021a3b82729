"""Replaying what identity providers send: each file under payloads/ is a journey of requests with their answers."""

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parents[1] / "payloads"


def journeys(provider: str) -> list[Path]:
    return sorted((PAYLOADS / provider).glob("*.json"))


def replay(scim: Any, path: Path) -> None:
    known: dict[str, str] = {}
    for number, raw in enumerate(json.loads(path.read_text())["steps"], start=1):
        step = filled(raw, known)
        method, _, address = step["do"].partition(" ")
        answer = scim.request(method, address, step.get("send"))
        where = f"{path.name} step {number} {step['do']}: {answer.content.decode()[:600]}"
        assert answer.status_code == step["status"], where
        check(answer, step, where)
        for name, attribute in step.get("keep", {}).items():
            known[name] = answer.json()[attribute]


def check(answer: Any, step: dict[str, Any], where: str) -> None:
    if answer.status_code == 204:
        assert answer.content == b"", where
        return
    assert answer["Content-Type"] == "application/scim+json", where
    document = answer.json()
    assert contains(document, step.get("answer", {})), where
    for absent in step.get("absent", []):
        assert not reached(document, absent.split("|")), f"{absent} is there: {where}"
    if "members" in step:
        assert sorted(each["value"] for each in document.get("members", [])) == sorted(step["members"]), where


def contains(found: Any, wanted: Any) -> bool:
    """Objects may have more members than wanted; lists have as many elements."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and contains(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(contains, found, wanted))
    return type(found) is type(wanted) and found == wanted


def reached(document: Any, names: list[str]) -> bool:
    for name in names:
        if name not in document:
            return False
        document = document[name]
    return True


def filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace("{" + name + "}", text)
    return value
