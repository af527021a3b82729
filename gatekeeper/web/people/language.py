"""The choice of the language of the pages, on one's own page."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gatekeeper.directory.models import User
from gatekeeper.directory.people.language import AS_THE_BROWSER, choose_language, chosen_language
from gatekeeper.errors import DomainError
from gatekeeper.web.framework.permissions import Fresh, actor_of, is_signed_in, only, person_of


def language_choices(user: User) -> list[dict[str, str | bool]]:
    """What is offered: ``value``, ``label``, ``lang`` of the label, ``chosen``. Each language under its own name."""
    offered = [(AS_THE_BROWSER, _("As the browser prefers"), "")]
    offered += [(code, name, code) for code, name in settings.LANGUAGES]
    chosen = chosen_language(user)
    return [{"value": value, "label": label, "lang": lang, "chosen": value == chosen} for value, label, lang in offered]


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def language(request: HttpRequest) -> HttpResponse:
    """Choose; the answer is in the new language already."""
    user = person_of(request)
    wanted = request.POST.get("language", "")
    try:
        choose_language(user.id, wanted, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        with translation.override(wanted or translation.get_language_from_request(request)):
            messages.success(request, _("The pages are in this language now."))
    return redirect("web:profile")
