"""From a stored code with parameters to the text that is shown."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise


def text_of_code(texts: Mapping[Any, Promise | str], code: str, parameters: Mapping[str, Any] | None) -> str:
    """The text of ``code`` in the language of whoever reads it.

    A code that this version does not know, or that lacks a parameter, was written by another version of this site while
    both ran, and is shown as it is.
    """
    try:
        return str(texts[code]) % dict(parameters or {})
    except KeyError:
        return code
