"""The one form in which names are compared."""

import unicodedata


def fold(text: str) -> str:
    """Unicode normal form C, case-folded: "Ada@X" and "ada@x" compare equal, and so do the two spellings of "é".

    Folding may undo the normal form (for example "ͅ"), so it is applied again. The text itself is kept as sent.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def domain_of(email: str) -> str:
    """What stands behind the last "@" of an address, folded; "" when there is none."""
    return fold(email).rpartition("@")[2] if "@" in email else ""
