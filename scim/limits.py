"""How much one request and one resource may hold. Each refusal names its limit."""

MAX_OPERATIONS = 1000  # in a PATCH, and in a Bulk request
MAX_ELEMENTS = 1000  # of one multi-valued attribute of a user; a group's members are not limited by it
MAX_USER_BYTES = 1_000_000  # all values of one user together, as JSON in UTF-8
MAX_ELEMENT_VISITS = 100_000  # elements that the operations of one PATCH look at or change, those of each added up
