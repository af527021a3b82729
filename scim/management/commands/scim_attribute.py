"""scim_attribute: the attributes that administrators declare beside those of SCIM's own schemas, without the pages."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.runtime.command import OperatorCommand, iso_utc, take_json_after
from scim.attributes.declarations import declare, find, remove
from scim.attributes.registry import definition_of
from scim.attributes.removal import delete_removed_values
from scim.models import CustomAttribute
from scim.protocol.custom_attributes import CUSTOM_TYPES, Definition

_ACTOR = Actor.command("scim_attribute")


class Command(OperatorCommand):
    """``scim_attribute add|list|remove``."""

    help = "Declare, list or remove custom attributes of users."

    def arguments(self, parser: CommandParser) -> None:
        """Three actions, each with its own options."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        add = actions.add_parser("add", help="Declare an attribute: it is stored, answered and found from now on.")
        add.add_argument("schema", metavar="URN", help="Such as urn:ietf:params:scim:schemas:extension:acme:2.0:User")
        add.add_argument("name", metavar="NAME", help="Such as costCenter.")
        add.add_argument("--type", default="string", choices=CUSTOM_TYPES, help="Of its values; string if not given.")
        add.add_argument("--multi-valued", action="store_true", help="It has a list of values.")
        add.add_argument("--case-exact", action="store_true", help="Filters distinguish upper and lower case.")
        add.add_argument("--description", default="", help="Shown by /Schemas and on the page.")
        listing = actions.add_parser("list", help="All attributes that are declared.")
        removal = actions.add_parser("remove", help="Remove an attribute, and what people have of it.")
        removal.add_argument("path", metavar="URN:NAME", help="As list shows it.")
        removal.add_argument("--confirm", default="", metavar="NAME", help="Its name, where people have a value.")
        take_json_after(add, listing, removal)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        actions = {"add": self._add, "list": self._list, "remove": self._remove}
        return actions[options["action"]](options)

    def _add(self, options: dict[str, Any]) -> dict[str, Any]:
        names = ("schema", "name", "type", "multi_valued", "case_exact", "description")
        return _facts(declare(Definition(**{name: options[name] for name in names}), actor=_ACTOR))

    def _list(self, options: dict[str, Any]) -> dict[str, Any]:
        del options
        return {"attributes": [_facts(each) for each in CustomAttribute.objects.filter(removed_at=None)]}

    def _remove(self, options: dict[str, Any]) -> dict[str, Any]:
        attribute = find(options["path"])
        users = remove(attribute.path, actor=_ACTOR, confirmed=options["confirm"] == attribute.name)
        delete_removed_values()
        return {"removed": attribute.path, "users": users}

    def describe(self, document: dict[str, Any]) -> str:
        """For people: an attribute a line, or what was done."""
        if "attributes" not in document:
            return super().describe(document)
        return "\n".join(map(_line, document["attributes"])) or "There are no custom attributes."


def _facts(attribute: CustomAttribute) -> dict[str, Any]:
    facts = definition_of(attribute).as_document()
    return {"path": attribute.path, **facts, "declared_at": iso_utc(attribute.declared_at)}


def _line(facts: dict[str, Any]) -> str:
    several = ", several values" if facts["multi_valued"] else ""
    exact = ", case exact" if facts["case_exact"] else ""
    return f"{facts['path']}  {facts['type']}{several}{exact}  {facts['description']}".rstrip()
