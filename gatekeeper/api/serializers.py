"""The shapes of the management API. Access has exactly the shape of the command ``access``."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import Readiness, State
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


class ReadinessSerializer(serializers.Serializer[Any]):
    """Whether a person can sign in, and if not what comes next; ``due`` is when that happens by itself."""

    state = serializers.ChoiceField(choices=[state.value for state in State])
    sentence = serializers.CharField()
    next_step = serializers.CharField(allow_blank=True)
    due = serializers.DateTimeField(allow_null=True)


class UserSerializer(serializers.ModelSerializer[User]):
    """A person with access and readiness; the view hands those of the whole page over at once."""

    access = serializers.SerializerMethodField()
    readiness = serializers.SerializerMethodField()

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
            "readiness",
        )

    @extend_schema_field(AccessSerializer)
    def get_access(self, user: User) -> dict[str, Any]:
        """The document of the person's access."""
        access: Access = self.context["access"][user.id]
        return access.as_document()

    @extend_schema_field(ReadinessSerializer)
    def get_readiness(self, user: User) -> dict[str, Any]:
        """The document of the person's state."""
        readiness: Readiness = self.context["readiness"][user.id]
        return readiness.as_document()


class ReasonSerializer(serializers.Serializer[Any]):
    """One source of one thing: since when without a break, and who decided that it grants this."""

    kind = serializers.ChoiceField(choices=["group", "default", "fallback", "local"])
    name = serializers.CharField()
    uses_default_mapping = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)
    member_since = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_blank=True)


class GivenSerializer(serializers.Serializer[Any]):
    """One thing that somebody has. ``note`` says so where it has no effect."""

    kind = serializers.ChoiceField(choices=["level", "permission", "team"])
    name = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    by = ReasonSerializer(many=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why somebody has what they have, and what stands between them and sign-in."""

    readiness = ReadinessSerializer()
    given = GivenSerializer(many=True)


class WhoHadSerializer(serializers.Serializer[Any]):
    """One person who had it: a row of ``manage.py who_had``."""

    id = serializers.UUIDField()
    user_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    can_sign_in = serializers.BooleanField()
    level = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())
    given_by = serializers.ListField(child=serializers.CharField(), help_text="What gives it.")
    also_in = serializers.ListField(child=serializers.CharField(), help_text="The person's other groups.")


class ChangeSerializer(serializers.Serializer[Any]):
    """One change that had a part in it; ``at`` is null where nobody knows (any more) when."""

    text = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class WhoChangedSerializer(serializers.Serializer[Any]):
    """One person who has it at one of two moments only."""

    change = serializers.ChoiceField(choices=["gained", "lost"])
    id = serializers.UUIDField()
    user_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    why = ChangeSerializer(many=True)


class StepSerializer(serializers.Serializer[Any]):
    """One step of the help page; ``page`` is where to do it, and null where that is in the identity provider."""

    key = serializers.CharField()
    title = serializers.CharField()
    done = serializers.BooleanField()
    detail = serializers.CharField()
    page = serializers.CharField(allow_null=True)
    in_entra = serializers.BooleanField()


class SetupSerializer(serializers.Serializer[Any]):
    """How far the site is set up. ``next`` is the key of the first step that is not done."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    steps = StepSerializer(many=True)


class GroupSerializer(serializers.ModelSerializer[IdpGroup]):
    """An IdP group and how many people are in it."""

    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = IdpGroup
        fields = ("id", "display_name", "external_id", "created_at", "member_count")
