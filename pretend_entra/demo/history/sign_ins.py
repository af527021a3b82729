"""Sign-ins of the past: judged, opened and noted by the services behind the SAML endpoint, without a message."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.identity_linking.sign_in import person_who_signs_in
from gatekeeper.directory.models import SignIn, SignInIdentity, User
from gatekeeper.directory.sessions.limits import end_overdue
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.errors import SignInRefused
from saml.debugger.attempts import Outcome, record_attempt
from saml.models import Connection
from saml.refusals.causes import Cause
from saml.validation.assertion import AssertedPerson

EMAIL_FORMAT: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
BROWSERS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
)
TOO_SLOW: Final = 0.15  # of those who are refused: who took too long at the identity provider
ASSERTION_LASTS: Final = timedelta(minutes=5)


class SignIns:
    """Who signs in through a connection, and who is refused. ``not_provisioned``: names that nobody has."""

    def __init__(self, connection: Connection, not_provisioned: Sequence[str], dice: random.Random) -> None:
        self._connection = connection
        self._not_provisioned = list(not_provisioned)
        self._dice = dice
        self._linked: list[str] = []
        self._others: list[str] = []

    def note_linked(self) -> None:
        """The sync has run: those it linked may sign in, all others are refused."""
        linked = SignInIdentity.objects.live().filter(user__active=True, user__deleted_at=None)
        self._linked = sorted(linked.values_list("name_id", flat=True))
        others = User.objects.filter(deleted_at=None).exclude(pk__in=linked.values("user_id")).exclude(work_email="")
        self._others = [
            *sorted(name for name in others.values_list("work_email", flat=True) if name),
            *self._not_provisioned,
        ]

    def one_who_may(self) -> None:
        """Somebody signs in who is linked; who left meanwhile is refused."""
        if self._linked:
            self._sign_in(self._dice.choice(self._linked))

    def one_who_may_not(self) -> None:
        """Somebody tries whom the site does not let in, or who took too long."""
        if self._dice.random() < TOO_SLOW:
            late = Outcome(check="answers_this_browser", cause=Cause.TOO_OLD, is_signed=True)
            record_attempt(self._request(), self._connection, late)
        elif self._others:
            self._sign_in(self._dice.choice(self._others))

    def end_overdue(self) -> None:
        """What the scheduler does: sessions end by their limits."""
        end_overdue(SignIn.objects.all(), timezone.now())

    def _sign_in(self, name: str) -> None:
        request, person = self._request(), self._asserted(name)
        try:
            user = person_who_signs_in(self._connection.id, name)
            open_sign_in(
                user,
                actor=Actor.identity_provider(self._connection.name),
                provider_id=self._connection.id,
                name_id=name,
                address=request.META["REMOTE_ADDR"],
                user_agent=self._dice.choice(BROWSERS),
            )
        except SignInRefused as refusal:
            user_id = refusal.user_id if isinstance(refusal.user_id, UUID) else None
            outcome = Outcome(check=refusal.code, person=person, user_id=user_id, is_signed=True)
        else:
            outcome = Outcome(person=person, user_id=user.pk, is_signed=True)
        record_attempt(request, self._connection, outcome)

    def _asserted(self, name: str) -> AssertedPerson:
        return AssertedPerson(
            issuer=self._connection.idp_entity_id,
            name_id=name,
            name_id_format=EMAIL_FORMAT,
            sign_in_name=name,
            object_id=None,
            persistent_id="",
            attributes={},
            session_index="",
            session_not_on_or_after=None,
            authenticated_at=timezone.now(),
            assertion_id="",
            response_id="",
            expires=timezone.now() + ASSERTION_LASTS,
            signed_with="",
        )

    def _request(self) -> HttpRequest:
        request = HttpRequest()
        request.META["REMOTE_ADDR"] = f"203.0.113.{self._dice.randrange(4, 200)}"
        request.request_id = uuid4().hex  # type: ignore[attr-defined]  # as the middleware does
        return request
