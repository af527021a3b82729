"""The management API's reads. Lists cost the same number of queries whatever their length."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gatekeeper.api.access import IsSignedIn, MayReadPeople, access_of_request
from gatekeeper.api.serializers import AccessSerializer, GroupSerializer, UserSerializer
from gatekeeper.directory.folding import fold
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.directory.queries import access_of, access_of_many


class Me(APIView):
    """Who is signed in, and what they may do."""

    permission_classes = (IsSignedIn,)

    @extend_schema(responses=AccessSerializer, operation_id="me")
    def get(self, request: Request) -> Response:
        """The object of the command ``access`` for this person."""
        access = access_of_request(request)
        return Response(access.as_document() if access else None)


class Users(ListAPIView[User]):
    """Everybody who was not deleted, each with their effective access; ``?search=`` is a start of the user name."""

    permission_classes = (MayReadPeople,)
    serializer_class = UserSerializer

    def get_queryset(self) -> QuerySet[User]:
        """By user name; narrowed by ``search``."""
        people = User.objects.live().order_by("user_name_folded", "id")
        start = self.request.query_params.get("search", "").replace("\x00", "")
        return people.filter(user_name_folded__startswith=fold(start)) if start else people

    def paginate_queryset(self, queryset: Any) -> Any:
        """Keep the page, whose accesses are read in one go."""
        self.people = super().paginate_queryset(queryset)
        return self.people

    def get_serializer_context(self) -> dict[str, Any]:
        """The accesses of the page's people by id."""
        return {**super().get_serializer_context(), "access": access_of_many(getattr(self, "people", None) or [])}


class OneUser(RetrieveAPIView[User]):
    """One person by id."""

    permission_classes = (MayReadPeople,)
    serializer_class = UserSerializer
    queryset = User.objects.live()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The person with their effective access; 404 for an id that is unknown or was deleted."""
        user = self.get_object()
        return Response(UserSerializer(user, context={"access": {user.id: access_of(user)}}).data)


class Groups(ListAPIView[IdpGroup]):
    """The live IdP groups by name, with the number of their members who were not deleted."""

    permission_classes = (MayReadPeople,)
    serializer_class = GroupSerializer

    def get_queryset(self) -> QuerySet[IdpGroup]:
        """One query, counted in the database."""
        members = Count("memberships", filter=Q(memberships__until=None))
        return IdpGroup.objects.live().annotate(member_count=members).order_by("display_name_folded", "id")
