"""The management API's reads. Lists cost the same number of queries whatever their length."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gatekeeper.api.access import IsSignedIn, MayReadPeople, access_of_request
from gatekeeper.api.pagination import PeopleInParts
from gatekeeper.api.serializers import AccessSerializer, GroupSerializer, UserSerializer
from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.access.states import State
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.explanation.readiness_lists import state_parts
from gatekeeper.directory.models import IdpGroup, Membership, User
from gatekeeper.sessions.facts_of_request import site_facts_of
from saml.sync.name_mismatches import differs_from_name_id, refused_name_ids


class Me(APIView):
    """Who is signed in, and what they may do."""

    permission_classes = (IsSignedIn,)

    @extend_schema(responses=AccessSerializer, operation_id="me")
    def get(self, request: Request) -> Response:
        """The object of the command ``access`` for this person."""
        access = access_of_request(request)
        return Response(access.as_document() if access else None)


@extend_schema(
    parameters=[
        OpenApiParameter("search", str, description="The start of the user name, in any case."),
        OpenApiParameter("readiness", str, enum=[state.value for state in State], description="Only this state."),
    ]
)
class Users(ListAPIView[User]):
    """Everybody who was not deleted, with access and readiness. ``?readiness=deleted`` lists who was."""

    permission_classes = (MayReadPeople,)
    serializer_class = UserSerializer
    site: SiteFacts | None = None  # where the state that was asked for needed them

    def get_queryset(self) -> Any:
        """By user name; narrowed by ``search`` and ``readiness``."""
        start = self.request.query_params.get("search", "").replace("\x00", "")
        people = User.objects.filter(user_name_folded__startswith=fold(start)) if start else User.objects.all()
        wanted = self.request.query_params.get("readiness", "")
        if not wanted:
            return people.filter(deleted_at=None).order_by("user_name_folded", "id")
        if wanted not in list(State):
            raise ParseError(f"readiness: there is no state {wanted[:60]}; known are {', '.join(State)}.")
        self.site = site_facts_of(self.request)
        parts = state_parts(people, State(wanted), differs_from_name_id(), self.site, in_bulk=not start)
        return PeopleInParts(parts)

    def paginate_queryset(self, queryset: Any) -> Any:
        """Keep the page, whose accesses are read in one go."""
        self.people = super().paginate_queryset(queryset)
        return self.people

    def get_serializer_context(self) -> dict[str, Any]:
        """Access and readiness of the page's people by id."""
        return {**super().get_serializer_context(), **_derived(getattr(self, "people", None) or [], self.site)}


class OneUser(RetrieveAPIView[User]):
    """One person by id."""

    permission_classes = (MayReadPeople,)
    serializer_class = UserSerializer
    queryset = User.objects.live()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The person with access and readiness; 404 for an id that is unknown or was deleted."""
        user = self.get_object()
        return Response(UserSerializer(user, context=_derived([user])).data)


def _derived(people: Sequence[User], site: SiteFacts | None = None) -> dict[str, Any]:
    access = access_of_many(people, site=site)
    return {"access": access, "readiness": readiness_of_many(people, access, received=refused_name_ids(people))}


class Groups(ListAPIView[IdpGroup]):
    """The live IdP groups by name, with the number of their members who were not deleted."""

    permission_classes = (MayReadPeople,)
    serializer_class = GroupSerializer

    def get_queryset(self) -> QuerySet[IdpGroup]:
        """By name."""
        return IdpGroup.objects.live().order_by("display_name_folded", "id")

    def paginate_queryset(self, queryset: Any) -> Any:
        """The page, with the members of its groups counted by one query."""
        page = super().paginate_queryset(queryset) or []
        members = Membership.objects.live().filter(group__in=[group.pk for group in page])
        counts = dict(members.order_by().values_list("group").annotate(Count("pk")))
        for group in page:
            group.member_count = counts.get(group.pk, 0)
        return page
