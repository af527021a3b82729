"""Pages of a delivery log: the newest entries, or those before one."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

PAGE = 50  # entries

ModelT = TypeVar("ModelT", bound=Model)


def log_page(log: QuerySet[ModelT], asked: QueryDict) -> tuple[list[ModelT], int | None]:
    """The newest entries, or those before ``asked["before"]``; and before which the next page begins."""
    log = log.order_by("-pk")
    before = asked.get("before", "")
    if before.isdecimal() and len(before) < 19:  # digits of a bigint
        log = log.filter(pk__lt=int(before))
    read = list(log[: PAGE + 1])
    return read[:PAGE], read[PAGE - 1].pk if len(read) > PAGE else None
