"""The base of every form on the pages. Forms read values and check shapes; rules are in the services."""

from typing import Any

from django import forms


class PageForm(forms.Form):
    """A form whose fields wear our style and name their hint and their error to screen readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs.setdefault("class", "input")

    def error_text(self) -> str:
        """The text of the first error, for a message."""
        return next((str(errors[0]) for errors in self.errors.values() if errors), "")
