"""What a sign-in can ask for before it opens a session: another password, and a second factor."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.local_accounts.accounts import change_password
from gatekeeper.directory.models import User
from gatekeeper.errors import DomainError
from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.web.login.forms import NewPasswordForm
from gatekeeper.web.login.local_authentication import let_in
from gatekeeper.web.login.second_factor_enrolment import enrol
from gatekeeper.web.login.steps import go_on, proof_so_far, step, with_target


@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "POST"])
@step
def new_password(request: HttpRequest, user: User, target: str) -> HttpResponseBase:
    """The printed password opens nothing but this page: another one is chosen first."""
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if user.check_password(form.cleaned_data["new"]):
            form.add_error("new", _("That is the password that works once. Choose another one."))
        else:
            try:
                change_password(user.id, form.cleaned_data["new"], actor=_actor(request, user))
            except DomainError as refusal:
                form.add_error("new", refusal.on_page)
            else:
                user.refresh_from_db()
                return go_on(request, user, target, proof=proof_so_far(request))
    page = {"form": form, "email": user.user_name}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/login/first_sign_in.html", page, status=status)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@step
def set_up(request: HttpRequest, user: User, target: str) -> HttpResponseBase:
    """The site demands a second factor, and this account has none: the app is set up before anything opens."""

    def finished(codes: tuple[str, ...]) -> HttpResponseBase:
        page = {"codes": codes, "onward": target}
        answer = render(request, "web/login/recovery_codes.html", page)
        return let_in(request, user, proof="password and code", response=answer)

    return enrol(
        request,
        user,
        actor=_actor(request, user),
        finished=finished,
        page={"demanded": True, "onward": with_target("web:sign_in", target)},
    )


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor.person(user, request_id=request_id_of(request))
