"""The catalogue of texts to translate, and pages in a second language."""

import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings as site_settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.labels import ACTOR_KINDS, CHANNELS
from tests.builders import make_group, make_user
from tests.web.pages import carried, confirmation, text_of

BECOME = (
    "%(people)s person becomes Global Administrator: %(names)s.",
    "%(people)s people become Global Administrator: %(names)s.",
)
SCRIPT = site_settings.BASE_DIR / "locale" / "messages.py"


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


def test_the_catalogue_holds_every_text_of_today() -> None:
    done = run(SCRIPT, "--check")
    assert done.returncode == 0, f"{done.stderr}Run `make messages`."


@pytest.mark.parametrize("code", [code for code, _ in site_settings.LANGUAGES if not code.startswith("en")])
def test_every_text_has_its_translation(code: str) -> None:
    with (SCRIPT.parent / code / "LC_MESSAGES" / "django.po").open("rb") as file:
        messages = list(read_po(file, locale=code))
    texts = {
        message.id: [message.string] if isinstance(message.string, str) else message.string for message in messages
    }

    assert len(texts) > 1000
    assert [text for text, translated in texts.items() if text and not all(translated)] == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the script, one page, and German for a text of it."""
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "locale")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        "{% load i18n %}<p title=\"{% translate 'Teams' %}\">{% blocktranslate count n=n %}{{ n }} user"
        '{% plural %}{{ n }} users{% endblocktranslate %}</p>{{ name|default:_("nobody") }}'
    )
    (tmp_path / "gatekeeper").mkdir()
    (tmp_path / "gatekeeper" / "page.py").write_text('from x import gettext_lazy as _\nTITLE = _("Title")\n')
    (folder / "django.po").write_text('msgid "Teams"\nmsgstr "Gruppen"\n')
    return tmp_path / "locale"


def test_texts_are_found_in_templates_and_code_and_reach_each_language(project: Path) -> None:
    assert run(project / "messages.py").returncode == 0
    pot = (project / "django.pot").read_text()
    for text in ('msgid "Teams"', 'msgid "%(n)s user"\nmsgid_plural "%(n)s users"', 'msgid "nobody"', 'msgid "Title"'):
        assert text in pot
    german = (project / "de" / "LC_MESSAGES" / "django.po").read_text()
    assert 'msgid "Teams"\nmsgstr "Gruppen"' in german
    assert 'msgid "nobody"\nmsgstr ""' in german
    assert b"Gruppen" in (project / "de" / "LC_MESSAGES" / "django.mo").read_bytes()
    assert run(project / "messages.py", "--check").returncode == 0


def test_what_is_out_of_date_is_named_and_not_written(project: Path) -> None:
    done = run(project / "messages.py", "--check")
    assert done.returncode == 1
    assert "out of date: locale/django.pot" in done.stderr
    assert not (project / "django.pot").exists()


def test_a_translation_with_another_placeholder_is_refused(project: Path) -> None:
    (project / "de" / "LC_MESSAGES" / "django.po").write_text(
        '#, python-format\nmsgid "%(n)s user"\nmsgid_plural "%(n)s users"\n'
        'msgstr[0] "%(zahl)s Person"\nmsgstr[1] "%(n)s Personen"\n'
    )
    done = run(project / "messages.py")
    assert done.returncode == 1
    assert "django.po" in done.stderr
    assert not (project / "django.pot").exists()


@pytest.fixture
def german(settings: Any, tmp_path: Path) -> None:
    """One folder and one setting, as docs/translation.md says."""
    catalog = Catalog(locale="de")
    catalog.add("Sign in", "Anmelden")
    catalog.add(BECOME, ("%(people)s wird Hauptverwalter: %(names)s.", "%(people)s werden Hauptverwalter: %(names)s."))
    compiled = BytesIO()
    write_mo(compiled, catalog)
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(compiled.getvalue())
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "Deutsch")]


@pytest.mark.django_db
@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("preferred", "language", "heading"), [("de-AT,de;q=0.9", "de", "Anmelden"), ("fr,en;q=0.5", "en-gb", "Sign in")]
)
def test_a_page_is_in_the_language_that_the_browser_prefers(
    client: Client, preferred: str, language: str, heading: str
) -> None:
    answer = client.get("/sign-in/", headers={"accept-language": preferred})
    page = answer.content.decode()
    assert f"<h1>{heading}</h1>" in page
    assert f'<html lang="{language}">' in page
    assert answer.headers["Content-Language"] == language
    assert translation.get_language() == "en-gb"  # the thread's next request may be a machine's


@pytest.mark.usefixtures("german")
def test_a_yes_in_one_language_is_a_yes_in_another(admin_client: Client) -> None:
    """What a confirmation and a preview's fingerprint cover are codes and values, not the text of the question."""
    group = make_group("GK IT", [make_user()])
    address, form = reverse("web:group_mapping", args=[group.id]), {"level": "global_administrator"}
    in_german = {"accept-language": "de"}

    asked = admin_client.post(address, form, headers=in_german)
    assert "1 wird Hauptverwalter: " in text_of(asked)
    yes = {**form, "confirmed": confirmation(asked), "previewed": carried(asked, "mapping-form")}

    assert admin_client.post(address, yes, headers={"accept-language": "en"}).status_code == 302


def test_every_kind_of_actor_and_every_channel_has_a_label() -> None:
    actors = [
        Actor.scheduler("sync"),
        Actor.command("doctor"),
        Actor.scim_key(1, "Entra"),
        Actor.identity_provider("Entra"),
        Actor.unauthenticated(),
        Actor.site(),
    ]
    assert {actor.kind for actor in actors} < set(ACTOR_KINDS)
    assert {actor.channel for actor in actors if actor.channel} == set(CHANNELS)
