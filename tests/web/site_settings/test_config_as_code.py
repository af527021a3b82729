"""Configuration as code on its page: download, preview, apply."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import Team
from tests.builders import add_members, make_group, make_user, map_group
from tests.web.pages import carried, confirmation, text_of

PAGE = "/settings/configuration/as-code/"
FINANCE = {"group_mappings": {"GK Finance": {"level": "administrator", "permissions": ["reports"]}}}


def preview(admin_client: Client, document: Any, **data: Any) -> Any:
    return admin_client.post(reverse("web:preview_document"), {"document": json.dumps(document), **data})


def apply(admin_client: Client, document: Any, **data: Any) -> Any:
    return admin_client.post(PAGE, {"document": json.dumps(document), **data}, follow=True)


def test_the_page_shows_and_gives_the_document_that_applies_without_a_change(admin_client: Client) -> None:
    make_group("GK Finance", [make_user()])
    downloaded = admin_client.get(reverse("web:export"))

    assert downloaded["Content-Disposition"] == 'attachment; filename="gatekeeper.json"'
    assert downloaded.content.decode().strip() in text_of(admin_client.get(PAGE))
    assert "Nothing would be changed." in text_of(preview(admin_client, json.loads(downloaded.content)))
    assert "nothing was changed" in text_of(apply(admin_client, json.loads(downloaded.content)))


def test_a_document_shows_what_it_would_change_and_changes_it_with_one_click(admin_client: Client) -> None:
    user = make_user("ada@example.com")
    make_group("GK Finance", [user])
    entries = AuditEntry.objects.count()

    shown = preview(admin_client, FINANCE)

    assert "GK Finance grants Administrator, Reports (was the Default Mapping)." in text_of(shown)
    assert "ada@example.com" in text_of(shown)
    assert AuditEntry.objects.count() == entries
    done = apply(admin_client, FINANCE, previewed=carried(shown))
    assert "Applied: 1 change. 1 person's access changed." in text_of(done)
    assert access_of(user).level is Level.ADMINISTRATOR


def test_a_file_is_previewed_and_applied_too(admin_client: Client) -> None:
    make_group("GK Finance", [make_user()])

    def upload() -> SimpleUploadedFile:
        return SimpleUploadedFile("gatekeeper.json", b"\xef\xbb\xbf" + json.dumps(FINANCE).encode())

    shown = admin_client.post(reverse("web:preview_document"), {"file": upload()})
    done = admin_client.post(PAGE, {"file": upload(), "previewed": carried(shown)}, follow=True)

    assert "Applied: 1 change." in text_of(done)


def test_apply_without_its_preview_shows_it_first(admin_client: Client) -> None:
    user = make_user()
    make_group("GK Finance", [user])

    first = apply(admin_client, FINANCE)

    assert first.status_code == 422
    assert "Nothing is applied yet" in text_of(first)
    assert "1 person's access changes." in text_of(first)
    assert access_of(user).level is not Level.ADMINISTRATOR
    apply(admin_client, FINANCE, previewed=carried(first))
    assert access_of(user).level is Level.ADMINISTRATOR


def test_apply_after_the_facts_changed_shows_the_new_preview_instead(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    shown = carried(preview(admin_client, FINANCE))
    add_members(group, make_user())

    answer = apply(admin_client, FINANCE, previewed=shown)

    assert answer.status_code == 422
    assert "The facts changed while you were looking" in text_of(answer)
    assert "Applied" in text_of(apply(admin_client, FINANCE, previewed=carried(answer)))


def test_where_a_warning_stands_it_is_asked_once_more(admin_client: Client) -> None:
    document = {"default_mapping": {"level": "global_administrator"}}
    user = make_user()
    shown = carried(preview(admin_client, document))

    question = apply(admin_client, document, previewed=shown)

    assert question.status_code == 422
    assert "1 person becomes Global Administrator: " in text_of(question)
    assert "Everybody who has the Default Mapping becomes Global Administrator." in text_of(question)
    assert access_of(user).level is not Level.GLOBAL_ADMINISTRATOR
    apply(admin_client, document, previewed=carried(question), confirmed=confirmation(question))
    assert access_of(user).level is Level.GLOBAL_ADMINISTRATOR


def test_a_document_that_will_not_do_is_refused_in_words_and_changes_nothing(admin_client: Client) -> None:
    for document, words in (
        ("{", "it is not JSON"),
        ('{"teams": ["A"], "group_mappings": {"GK Nobody": {"level": "none"}}}', "there is no IdP group GK Nobody"),
        ('{"colour": "red"}', "there is no such key"),
    ):
        shown = admin_client.post(reverse("web:preview_document"), {"document": document})
        assert "This can't be applied." in text_of(shown)
        answer = admin_client.post(PAGE, {"document": document})
        assert answer.status_code == 422
        assert words in text_of(answer)
        assert words in text_of(shown)
    assert not Team.objects.exists()


def test_a_file_that_is_no_text_or_too_large_is_refused_in_words(admin_client: Client) -> None:
    for content, words in ((b"\xff\xfe\x00", "no UTF-8 text"), (b" " * (1024 * 1024 + 1), "larger than 1 MB")):
        answer = admin_client.post(PAGE, {"file": SimpleUploadedFile("x.json", content)})
        assert answer.status_code == 422
        assert words in text_of(answer)
    assert admin_client.post(PAGE, {"document": "x\x00"}).status_code == 422


def test_only_who_may_configure_opens_it(person_with: Any) -> None:
    browser = person_with("administrator", "configuration")

    for address in (PAGE, reverse("web:export")):
        assert browser.get(address).status_code == 403


def test_of_a_long_document_the_page_shows_the_beginning_and_the_download_has_all(admin_client: Client) -> None:
    for number in range(80):
        map_group(make_group(f"GK {number:02}"), "collaborator")

    text = " ".join(text_of(admin_client.get(PAGE)).split())

    assert "These are the first 400 of " in text
    assert '"GK 00"' in text
    assert '"GK 79"' not in text
    assert set(json.loads(admin_client.get(f"{PAGE}export/").content)["group_mappings"]) >= {"GK 00", "GK 79"}
