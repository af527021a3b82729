"""How lists of the management API are cut: by page, with the total."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from rest_framework.pagination import PageNumberPagination

from gatekeeper.directory.access.numbered_pages import numbered_page
from gatekeeper.directory.access.people_parts import Parts, count_people
from gatekeeper.directory.models import User

_LAST = 1_000_000_000  # a page beyond all that can be: databases count rows with 64 bits


@dataclass(frozen=True, slots=True)
class PeopleInParts:
    """A list of people whose page and total are read together."""

    parts: Parts

    def count(self) -> int:
        """How many there are, for whoever asks for the number of the last page."""
        return count_people(self.parts)


class PartsPaginator(Paginator[User]):
    """Pages of ``PeopleInParts``; of other lists as Django has them."""

    def page(self, number: int | str) -> Page[User]:
        """The page. Raises: EmptyPage, PageNotAnInteger."""
        if not isinstance(self.object_list, PeopleInParts):
            return super().page(number)
        wanted = min(max(int(number), 1), _LAST) if str(number).isdecimal() else 1
        people, self.count = numbered_page(self.object_list.parts, (wanted - 1) * self.per_page, self.per_page)
        return Page(people, self.validate_number(number), self)


class Pages(PageNumberPagination):
    """``?page=`` from 1 and ``?page_size=`` up to 500; beyond the last page is 404."""

    page_size_query_param = "page_size"
    max_page_size = 500
    django_paginator_class: Any = PartsPaginator
