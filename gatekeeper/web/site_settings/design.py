"""/settings/design/: the tokens and the parts that pages are made of, for who builds them. With DEBUG only."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gatekeeper.static_bundles import SOURCES
from gatekeeper.web.framework.forms import PageForm
from gatekeeper.web.framework.permissions import is_signed_in, only
from gatekeeper.web.plots.horizontal_bars import gains_and_losses
from gatekeeper.web.plots.limit_line import Against, Point, limit_line
from gatekeeper.web.plots.looks import Look, looks_of_reasons
from gatekeeper.web.plots.plot import Plot, Words
from gatekeeper.web.plots.scales import hour_label
from gatekeeper.web.plots.stacked_bars import Series, stacked_bars
from gatekeeper.web.site_settings.design_tokens import contrasts, read_tokens

A_DAY = (0, 0, 0, 0, 1, 3, 20, 80, 120, 60, 40, 30, 50, 60, 40, 30, 20, 10, 4, 2, 1, 0, 0, 0)


WRONG = {"name": "", "level": "three", "days": "-1"}


class ExampleForm(PageForm):
    """A text, a choice, a long text and a checkbox."""

    name = forms.CharField(label=_("Name"), max_length=20, help_text=_("At most 20 characters."))
    level = forms.ChoiceField(label=_("Level"), choices=[("one", "1"), ("two", "2")])
    days = forms.IntegerField(label=_("Days"), min_value=1)


@require_safe
@only(is_signed_in)
def design(request: HttpRequest) -> HttpResponse:
    """Everything, rendered by the pages' own partials."""
    tokens = read_tokens((SOURCES / "css" / "tokens.css").read_text())
    page = {
        "colours": [token for token in tokens if token.is_colour],
        "texts": [token for token in tokens if token.name.startswith("text-")],
        "lengths": [token for token in tokens if token.pixels and not token.name.startswith("text-")],
        "others": [token for token in tokens if not token.pixels and not token.is_colour],
        "contrasts": contrasts(tokens),
        "form": ExampleForm(),
        "refused": ExampleForm(WRONG, auto_id="refused_%s"),
        "refused_in_dialog": ExampleForm(WRONG, auto_id="dialog_%s"),
        "buttons": ["button", "button-main", "button-quiet", "button-danger", "button-danger-main"],
        "badges": ["badge", "badge-ok", "badge-info", "badge-warn", "badge-danger", "badge-accent", "chip"],
        "notices": ["notice", "notice-ok", "notice-warn", "notice-danger"],
        "plots": _plots(),
        "bars": gains_and_losses([("A", 12, 3), ("B", 0, 40), ("C", 1, 0)], 40),
    }
    return render(request, "web/site_settings/design.html", page)


def _plots() -> list[Plot]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    labels = [hour_label(midnight + timedelta(hours=hour)) for hour in range(24)]
    refused = [
        Series(str(number), [amount * number // 40 for amount in A_DAY], look, ["#plots"] * 24)
        for number, look in enumerate(looks_of_reasons(7), 1)
    ]
    against = Against(100, str(_("Requests a second")), "100", str(_("Beyond the limit")))
    points = [Point(label, amount, amount // 110) for label, amount in zip(labels, A_DAY, strict=True)]
    day = str(_("Hour"))
    return [
        stacked_bars(Words("bars", "1", day), labels, [Series(str(_("Accepted")), A_DAY, Look.GOOD), *refused]),
        limit_line(Words("line", "2", day), points, against),
        stacked_bars(Words("empty", "3", day), labels, [Series(str(_("Accepted")), [0] * 24, Look.GOOD)]),
    ]
