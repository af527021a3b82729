"""Why something is not done for a set-up link."""

from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import DomainError, NotFound
from gatekeeper.setup_links.state import LABELS, LinkState


class SetupLinkNotFound(NotFound):
    code = "setup_link_not_found"
    sentence = _("There is no set-up link %(link)s that could be revoked.")

    def __init__(self, link: object) -> None:
        super().__init__(link=link)


class LinkOver(DomainError):
    """The link opens nothing any more; ``state`` says why."""

    code = "setup_link_over"
    sentence = _("This set-up link does not work any more: %(state)s.")

    def __init__(self, state: LinkState) -> None:
        super().__init__(state=LABELS[state])
        self.state = state


class OpenedElsewhere(DomainError):
    """One browser has opened the link, and this is another one."""

    code = "setup_link_opened_elsewhere"
    sentence = _("This set-up link was opened in another browser already.")


class OutOfScope(DomainError):
    code = "setup_link_out_of_scope"
    sentence = _("This set-up link was not made for that.")


class AlreadyConnected(DomainError):
    code = "setup_link_connected"
    sentence = _("A connection was made with this link already.")


class NotConnected(DomainError):
    code = "setup_link_not_connected"
    sentence = _("There is no connection of this link (any more). Give the metadata first.")


class KeyMadeAlready(DomainError):
    code = "setup_link_key_made"
    sentence = _("The API key of this link was made and shown already. Whoever has lost it asks for a new link.")


class ForAnAdministrator(DomainError):
    """Something that would change what other people can do, which a link never may."""

    code = "setup_link_for_an_administrator"
    sentence = _("%(what)s An administrator of this site has to do that.")

    def __init__(self, what: object) -> None:
        super().__init__(what=what)
