"""The base of every form on the pages. Forms read values and check shapes; rules are in the services."""

from datetime import MAXYEAR, date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.directory.moment_texts import read_moment
from gatekeeper.errors import InvalidValue
from gatekeeper.language_forms import typed_day

# What is typed there is about the site. A field about who reads the page names its purpose itself (WCAG 1.3.5).
_TYPED = ("text", "url", "number")


class PageForm(forms.Form):
    """A form whose fields wear our style and name their hint and their error to screen readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs.setdefault("class", "input")
            if getattr(field.widget, "input_type", "") in _TYPED or isinstance(field.widget, forms.Textarea):
                field.widget.attrs.setdefault("autocomplete", "off")

    def error_text(self) -> str:
        """The text of the first error, for a message."""
        return next((str(errors[0]) for errors in self.errors.values() if errors), "")


class TypedDayField(forms.CharField):
    """A day of the site's zone, typed as the pages write it, or as ISO 8601."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """With an example: today."""
        self.widget.attrs["placeholder"] = typed_day(timezone.localtime())
        return super().get_bound_field(form, field_name)

    def clean(self, value: Any) -> date | None:
        """The day; None for nothing."""
        text = super().clean(value)
        if not text:
            return None
        try:
            typed = read_moment(text)
        except InvalidValue:
            typed = None
        if typed is None or typed.span < timedelta(days=1) or typed.at.year >= MAXYEAR:
            example = typed_day(timezone.localtime())
            raise forms.ValidationError(_("Enter a day, such as %(example)s.") % {"example": example})
        return timezone.localtime(typed.at).date()
