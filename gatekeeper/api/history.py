"""The management API's questions about a moment: one person's access and why, and who had what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gatekeeper.api.access import MayReadReports, MayReadThisPerson
from gatekeeper.api.serializers import AccessSerializer, ExplanationSerializer, WhoChangedSerializer, WhoHadSerializer
from gatekeeper.directory.access.loaders import access_of, site_facts
from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.access.people_parts import united
from gatekeeper.directory.explanation.explanation import explain
from gatekeeper.directory.explanation.who_changed import Changed, as_documents, compare
from gatekeeper.directory.explanation.who_had import as_row, holders, level_or_permission, with_access
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue
from saml.sync.name_mismatches import refused_name_ids

AT = OpenApiParameter("at", str, description="An ISO 8601 time; without a zone it is the site's. Now if left out.")

WANTED = (
    OpenApiParameter("permission", str, enum=[permission.value for permission in Permission]),
    OpenApiParameter("level", str, enum=[level.slug for level in Level if level is not Level.NONE]),
)


class UserAccess(APIView):
    """One person's effective access, now or at a moment; of the deleted too."""

    permission_classes = (MayReadThisPerson,)

    @extend_schema(responses=AccessSerializer, parameters=[AT], operation_id="users_access")
    def get(self, request: Request, pk: UUID) -> Response:
        """The object of the command ``access``; 404 for an unknown id, and for a moment before the person was known."""
        at = _moment(request)
        return Response(access_of(_person(pk, at), at).as_document())


class UserExplanation(APIView):
    """Why somebody has what they have, and what stands between them and sign-in."""

    permission_classes = (MayReadThisPerson,)

    @extend_schema(responses=ExplanationSerializer, parameters=[AT], operation_id="users_explanation")
    def get(self, request: Request, pk: UUID) -> Response:
        """Each thing with its sources, since when, and by whose decision; the state with the next step."""
        at = _moment(request)
        user = _person(pk, at)
        return Response(explain(user, at, None if at else refused_name_ids([user])).as_document())


class WhoHad(GenericAPIView[User]):
    """Everybody who had a permission or a level at a moment, whether or not they could sign in."""

    permission_classes = (MayReadReports,)
    serializer_class = WhoHadSerializer

    @extend_schema(
        responses=WhoHadSerializer(many=True),
        operation_id="who_had_list",
        parameters=[*WANTED, AT],
    )
    def get(self, request: Request) -> Response:
        """A page of the rows of ``manage.py who_had``, by user name."""
        wanted, at = _wanted(request), _moment(request)
        site = site_facts(at)
        people = united(holders(wanted, at, site)).order_by("user_name_folded", "id").values_list("id", flat=True)
        ids: Any = self.paginate_queryset(people)
        return self.get_paginated_response(
            [as_row(user, access, wanted) for user, access in with_access(ids, at, site)]
        )


class WhoChanged(GenericAPIView[User]):
    """Who gained and who lost a permission or a level between two moments, and by which change."""

    permission_classes = (MayReadReports,)
    serializer_class = WhoChangedSerializer

    @extend_schema(
        responses=WhoChangedSerializer(many=True),
        operation_id="who_changed_list",
        parameters=[
            *WANTED,
            OpenApiParameter("from", str, required=True, description="The earlier moment, as ``at`` of who-had."),
            OpenApiParameter("to", str, description="The later moment. Now if left out."),
        ],
    )
    def get(self, request: Request) -> Response:
        """A page of the rows that the comparison of *Access reports* has: those who gained it, then who lost it."""
        wanted, earlier = _wanted(request), _moment(request, "from")
        later = _moment(request, "to") or timezone.now()
        if earlier is None:
            raise ParseError("Ask for two moments: from, and to, which is now if left out.")
        if earlier >= later:
            raise ParseError("from has to be earlier than to.")
        found = compare(wanted, earlier, later)
        page: Any = self.paginate_queryset(Changed(found))  # type: ignore[arg-type]  # counted and cut is all it asks
        return self.get_paginated_response(as_documents(found, page))


def _person(pk: UUID, at: datetime | None) -> User:
    user = User.objects.filter(pk=pk).first()
    if user is None:
        raise NotFound(f"There is no user {pk}.")
    if at is not None and at < user.created_at:
        raise NotFound(f"There was no user {pk} at {at.isoformat()}.")
    return user


def _moment(request: Request, name: str = "at") -> datetime | None:
    text = request.query_params.get(name)
    try:
        return past_moment(text) if text else None
    except InvalidValue as refusal:
        raise ParseError(str(refusal)) from refusal


def _wanted(request: Request) -> Level | Permission:
    asked = {name: request.query_params[name] for name in ("permission", "level") if request.query_params.get(name)}
    if len(asked) != 1:
        raise ParseError("Ask for either permission or level.")
    [(kind, name)] = asked.items()
    try:
        wanted = level_or_permission(name[:60])
    except InvalidValue as refusal:
        raise ParseError(str(refusal)) from refusal
    if isinstance(wanted, Level) != (kind == "level"):
        raise ParseError(f"{kind}: {name} is none.")
    return wanted
