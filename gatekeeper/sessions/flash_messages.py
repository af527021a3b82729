"""Where a message waits for the next page: in a cookie, named as the site's other cookies are, or in the session."""

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class MessageCookie(CookieStorage):
    """Django's, under a name that no other host can set."""

    cookie_name = f"{settings.COOKIE_PREFIX}gatekeeper_messages"


class Messages(FallbackStorage):
    """The cookie, and for what does not fit into it the session."""

    storage_classes: tuple[type[BaseStorage], ...] = (MessageCookie, SessionStorage)
