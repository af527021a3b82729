"""The shapes of the management API. Access has exactly the shape of the command ``access``."""

from typing import Any

from rest_framework import serializers

from gatekeeper.directory.access import Access
from gatekeeper.directory.models import IdpGroup, User


class SourceSerializer(serializers.Serializer[Any]):
    """One mapping that the access comes from."""

    kind = serializers.ChoiceField(choices=["group", "default", "fallback", "local"])
    name = serializers.CharField()
    level = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())


class AccessSerializer(serializers.Serializer[Any]):
    """Effective access, as contract.md's ``access`` prints it."""

    user_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    active = serializers.BooleanField()
    can_sign_in = serializers.BooleanField()
    blocked_because = serializers.CharField(allow_null=True)
    level = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())
    sources = SourceSerializer(many=True)


class UserSerializer(serializers.ModelSerializer[User]):
    """A person with their effective access; the view hands all of the page's accesses over at once."""

    access = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "id",
            "origin",
            "user_name",
            "work_email",
            "display_name",
            "external_id",
            "active",
            "created_at",
            "access",
        )

    def get_access(self, user: User) -> dict[str, Any]:
        """The document of the person's access."""
        access: Access = self.context["access"][user.id]
        return access.as_document()


class GroupSerializer(serializers.ModelSerializer[IdpGroup]):
    """An IdP group and how many people are in it."""

    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = IdpGroup
        fields = ("id", "display_name", "external_id", "created_at", "member_count")
