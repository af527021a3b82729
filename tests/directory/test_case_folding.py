"""Names are compared in one form, whatever letters they are written in."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.directory.case_folding import fold


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_is_the_full_case_folding(text: str) -> None:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())

    assert fold(text) == folded
    assert fold(fold(text)) == fold(text)


def test_two_spellings_of_one_name_are_equal() -> None:
    assert fold("ÉVA@X") == fold("e\N{COMBINING ACUTE ACCENT}va@x")
    assert fold("STRASSE") == fold("straße")
