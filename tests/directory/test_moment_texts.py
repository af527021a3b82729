"""What a refusal shows as an example can be typed as it stands there, in every language."""

import re

import pytest
from django.conf import settings
from django.utils import translation

from gatekeeper.directory.moment_texts import read_moment
from gatekeeper.errors import InvalidValue
from gatekeeper.language_forms import typed_moment

EXAMPLE = re.compile(r"(?:Write it like|Schreiben Sie ihn wie) (.+?, \d\d:\d\d:\d\d)")


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
@pytest.mark.parametrize("month", range(1, 13))
def test_the_example_of_a_refusal_can_be_typed(language, month, time_machine):
    time_machine.move_to(f"2026-{month:02d}-09T08:07:06Z", tick=False)
    with translation.override(language):
        with pytest.raises(InvalidValue) as refused:
            read_moment("yesterday")
        example = EXAMPLE.search(refused.value.reason)
        assert example, refused.value.reason
        assert typed_moment(read_moment(example[1]).at) == example[1]
