"""Certificate renewal: another metadata document of one connection, whose difference is shown before it is taken."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.errors import DomainError, NeedsConfirmation
from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.setup_links.bearer_actions import compare, replace
from gatekeeper.setup_links.errors import LinkOver, OutOfScope
from gatekeeper.setup_links.models import Part, SetupLink
from gatekeeper.web.framework.metadata.differences import carried_document, certificate_facts, difference_page
from gatekeeper.web.framework.metadata.forms import DocumentForm, about_metadata
from gatekeeper.web.setup_wizard.bearer import for_bearer
from gatekeeper.web.setup_wizard.guides import guide_of
from gatekeeper.web.setup_wizard.sign_on import TOO_FAST, tested_page, too_fast
from gatekeeper.web.setup_wizard.start import ticks_page
from saml.errors import MetadataRefused


@require_http_methods(["GET", "HEAD", "POST"])
@for_bearer(Part.CERTIFICATE)
def certificate(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """The steps; POST shows what another document would change."""
    if request.method != "POST":
        return _page(request, link, DocumentForm())
    form = DocumentForm(request.POST, request.FILES)
    if too_fast(link):
        form.add_error(None, TOO_FAST)
    elif form.is_valid():
        document = form.metadata_xml()
        if document is None and not link.connection.idp_metadata_url:  # type: ignore[union-attr]
            form.add_error("metadata_file", _("Give the new metadata: the file, or its text."))
            return _page(request, link, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            return _difference(request, link, document)
        except (LinkOver, OutOfScope):
            raise
        except MetadataRefused as refusal:
            form.add_error(None, about_metadata(refusal))
        except DomainError as refusal:
            form.add_error(None, refusal.on_page)
    return _page(request, link, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(
    request: HttpRequest, link: SetupLink, form: DocumentForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    now, connection = timezone.now(), link.live_connection
    page = {"form": form, "guide": guide_of(link), "here": Part.CERTIFICATE.value, "connection": connection}
    page["certificates"] = (
        [certificate_facts(each, now) for each in connection.signing_certificates()] if connection else []
    )
    page |= ticks_page(link, Part.CERTIFICATE) | tested_page(link)
    return render(request, "web/setup_wizard/certificate.html", page, status=status)


def _difference(
    request: HttpRequest, link: SetupLink, document: bytes | None, *, changed_meanwhile: bool = False
) -> HttpResponse:
    change = compare(link, document)
    if not change.changed and not change.refused:
        messages.info(request, _("Nothing is different in it: the certificates are the ones that are known already."))
        return redirect("web:setup_certificate", link_id=link.id)
    page = difference_page(change, by_hand=document is not None, changed_meanwhile=changed_meanwhile)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if change.refused else HTTPStatus.OK
    here = {"link": link, "here": Part.CERTIFICATE.value}
    return render(request, "web/setup_wizard/certificate_change.html", page | here, status=status)


@require_POST
@for_bearer(Part.CERTIFICATE)
def confirm(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """Take the change that was shown; one that is another by now is shown anew."""
    document = None
    try:
        document = carried_document(request.POST["document"]) if "document" in request.POST else None
        confirmed = request.POST.get("fingerprint", "")
        connection, result = replace(link, document, confirmed=confirmed, request_id=request_id_of(request))
    except (LinkOver, OutOfScope):
        raise
    except NeedsConfirmation:
        return _shown_anew(request, link, document)
    except MetadataRefused as refusal:
        messages.error(request, about_metadata(refusal))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        said = _("The metadata of %(connection)s was read again: %(result)s.")
        messages.success(request, said % {"connection": connection.name, "result": result})
    return redirect("web:setup_certificate", link_id=link.id)


def _shown_anew(request: HttpRequest, link: SetupLink, document: bytes | None) -> HttpResponse:
    try:
        return _difference(request, link, document, changed_meanwhile=True)
    except (LinkOver, OutOfScope):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:setup_certificate", link_id=link.id)
