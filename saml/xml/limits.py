"""How much markup a document of some size may hold, counted on its bytes before anything builds a tree.

No parser is asked, so nothing can be cheap to send and dear to count: ``<`` stands for markup wherever it is no text,
``=`` for an attribute or a namespace, ``&`` for a reference. Text may hold some of them too, so each count is an upper
bound, and the limits allow for the densest honest messages (a value of one letter in each of a thousand groups).
"""

from saml.errors import UnreadableXml
from saml.refusals.reasons import Reason

_ALWAYS = 2_000  # of each kind, in however small a document
# One more of its kind for each so many bytes.
_BYTES_EACH = ((b"<", 24), (b"=", 24), (b"&", 12))
_REASONS = {b"<": Reason.XML_DENSE_ELEMENTS, b"=": Reason.XML_DENSE_ATTRIBUTES, b"&": Reason.XML_DENSE_REFERENCES}


def require_plain_markup(document: bytes) -> None:
    """Raises: UnreadableXml when there is more markup than an honest document of this size has."""
    for mark, size in _BYTES_EACH:
        if document.count(mark) > _ALWAYS + len(document) // size:
            raise UnreadableXml(_REASONS[mark])
