"""How much one request and one resource may hold. Each refusal names its limit.

``scim/http/documented_limits.py`` lists all of them for the page of limits.
"""

from gatekeeper.directory.field_values import NAME_LIMIT

MAX_BODY = 8 * 1024 * 1024  # bytes, after decoding: a PUT of a group with 50,000 members fits
MAX_GZIP_MEMBERS = 1000  # gzip allows several after each other (RFC 1952 §2.2); each costs, however small it is
MAX_OPERATIONS = 1000  # in a PATCH, and in a Bulk request
MAX_ELEMENTS = 1000  # of one multi-valued attribute of a user; a group's members are not limited by it
MAX_USER_BYTES = 1_000_000  # all values of one user together, as JSON in UTF-8
MAX_ELEMENT_VISITS = 100_000  # elements that the operations of one PATCH look at or change, those of each added up
MAX_JSON_DEPTH = 64  # objects and lists inside each other
MAX_FILTER_LENGTH = 8192  # characters
MAX_FILTER_TERMS = 100  # comparisons and presence tests, those inside brackets included
MAX_FILTER_DEPTH = 32  # parentheses, brackets and the changes between "and" and "or" inside each other
MAX_PATH_LENGTH = 4096  # characters
MAX_NAMES = 200  # in attributes and excludedAttributes together
DEFAULT_COUNT = 100  # resources of a page when nothing is asked
MAX_COUNT = 1000  # resources of a page
CURSOR_TIMEOUT = 3600  # seconds
MAX_CUSTOM_ATTRIBUTES = 100  # that administrators declare
MAX_CUSTOM_PATH = 120  # characters of an attribute's URN, a colon and its name: a column of the search index holds them
MAX_CUSTOM_DESCRIPTION = 500  # characters
MAX_NUMBER = 2**53 - 1  # and at least its negative: a double loses digits beyond (RFC 7493 §2.2)
MAX_NAME = NAME_LIMIT  # characters of userName, displayName and externalId
