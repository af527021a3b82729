"""The stock filter with two more columns, as its documentation says that a project may add them."""

from django_scim.filters import UserFilterQuery


class UserFilter(UserFilterQuery):
    """By externalId and by e-mail too."""

    attr_map = {
        **UserFilterQuery.attr_map,
        ("externalId", None, None): "scim_external_id",
        ("emails", "value", None): "email",
    }
