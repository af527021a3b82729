"""What is no backup, a damaged one, or one for another site is refused by one line, and changes nothing."""

import json
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from django.conf import settings

from gatekeeper.backup.making import make_backup
from gatekeeper.backup.manifest import FALLBACKS, MAC_NAME, NAME, SECRET_KEY
from gatekeeper.backup.refusals import ArchiveRefused, BackupNotMade, SiteNotEmpty
from gatekeeper.backup.restoring import restore_backup
from gatekeeper.directory.models import User
from tests.backup.archives import parts, rows, signed, write
from tests.builders import make_user
from tests.site import ROOT, Site

Parts = dict[str, bytes]
USERS = "tables/directory_user.jsonl"


@pytest.fixture
def archive(transactional_db, tmp_path, monkeypatch) -> Path:
    """Of a site with its key in DATA_DIR, wherever this test run has its own."""
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "data")
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "secret_key").write_text(settings.SECRET_KEY)
    make_user("ada")
    return make_backup(tmp_path / "site.zip").file


def refusal(path: Path, kind: type[Exception] = ArchiveRefused) -> str:
    with pytest.raises(kind) as refused:
        restore_backup(path)
    assert "\n" not in str(refused.value)
    assert list(User.objects.values_list("user_name", flat=True)) == ["ada"]
    return str(refused.value)


def test_what_is_whole_gets_as_far_as_the_site_that_is_not_empty(archive):
    assert "directory_user 1" in refusal(archive, SiteNotEmpty)


def test_a_flipped_bit_in_any_part_is_found(archive, tmp_path):
    """The zip's own checksums are right: whoever writes a part anew makes them right."""
    content = parts(archive)
    assert {NAME, MAC_NAME, SECRET_KEY, USERS} <= set(content)
    for name, data in content.items():
        if not data:
            continue
        for place in {0, len(data) // 2, len(data) - 1}:
            flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            refusal(write(tmp_path / "flipped.zip", {**content, name: flipped}))


def test_a_flipped_bit_in_the_file_never_restores_other_content(archive, tmp_path):
    whole = archive.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        flipped = tmp_path / "flipped.zip"
        flipped.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            refusal(flipped)
        except AssertionError:
            raise
        except SiteNotEmpty:  # it lies in a part of the zip that says nothing, such as a time
            assert parts(flipped) == parts(archive)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.9999])
def test_what_was_cut_off_is_refused(archive, share):
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    assert "no backup, or was cut off" in refusal(archive)


def no_file(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def another_zip(path: Path) -> None:
    write(path, {"letter.txt": b"Dear Sir"})


def a_text(path: Path) -> None:
    path.write_text("CREATE TABLE users;")


@pytest.mark.parametrize(
    ("become", "said"),
    [
        (no_file, "No such file"),
        (a_folder, "is no file"),
        (a_pipe, "is no file"),
        (another_zip, "no backup of this site"),
        (a_text, "no backup, or was cut off"),
    ],
)
def test_what_is_no_archive_is_refused(archive, become, said):
    become(archive)
    assert said in refusal(archive)


def changed(**values: Any) -> Callable[[Parts], Parts]:
    return lambda content: signed(content, settings.SECRET_KEY, lambda document: document.update(values))


def with_part(name: str, data: bytes, *, declared: bool = False) -> Callable[[Parts], Parts]:
    def add(document: dict[str, Any]) -> None:
        if declared:
            document["members"][name] = {"size": len(data), "sha256": "0" * 64}

    return lambda content: signed({**content, name: data}, settings.SECRET_KEY, add)


def replaced(name: str, data: bytes) -> Callable[[Parts], Parts]:
    return lambda content: {**content, name: data}


def without(name: str) -> Callable[[Parts], Parts]:
    return lambda content: {each: data for each, data in content.items() if each != name}


def declared_smaller(content: Parts) -> Parts:
    """What a bomb would be: a part that expands to more than is said."""

    def declare(document: dict[str, Any]) -> None:
        document["members"][USERS]["size"] = 10

    return signed({**content, USERS: b" " * 50_000_000}, settings.SECRET_KEY, declare)


def newer_migration(content: Parts) -> Parts:
    return signed(content, settings.SECRET_KEY, lambda document: document["migrations"].append("scim.9999_later"))


def older_migration(content: Parts) -> Parts:
    return signed(content, settings.SECRET_KEY, lambda document: document["migrations"].remove("scim.0001_initial"))


def other_column(content: Parts) -> Parts:
    def rename(document: dict[str, Any]) -> None:
        document["tables"]["directory_user"]["columns"][0] = "password; DROP TABLE directory_user"

    return signed(content, settings.SECRET_KEY, rename)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed(version=2), "newer version"),
        (changed(format="another"), "no backup of this site"),
        (changed(version=10**30), "newer version"),
        (changed(tables=[]), "manifest isn't complete"),
        (changed(migrations="all"), "manifest isn't complete"),
        (changed(members={}), "other parts"),
        (changed(keys=[]), "its key"),
        (newer_migration, "scim.9999_later"),
        (older_migration, "without scim.0001_initial"),
        (other_column, "other tables"),
        (with_part("../../etc/cron.d/x", b"x"), "other parts"),
        (with_part("../../etc/cron.d/x", b"x", declared=True), "other parts"),
        (with_part("/etc/passwd", b"x", declared=True), "other parts"),
        (with_part("secrets/other", b"x", declared=True), "other parts"),
        (with_part(FALLBACKS, b"x" * 70_000, declared=True), "too large"),
        (replaced(NAME, b" " * 2_000_000), "manifest"),
        (replaced(NAME, b"[" * 100_000), "manifest"),
        (without(NAME), "no backup of this site"),
        (without(MAC_NAME), "other parts"),
        (without(SECRET_KEY), "other parts"),
        (without(USERS), "other parts"),
        (declared_smaller, "larger than its manifest says"),
    ],
)
def test_an_archive_that_says_something_else_is_refused(archive, tmp_path, change, said):
    assert said in refusal(write(tmp_path / "changed.zip", change(parts(archive))))


def twice(zipped: ZipFile, content: Parts) -> None:
    with warnings.catch_warnings(action="ignore"):
        zipped.writestr(NAME, content[NAME])


def symlink(zipped: ZipFile, content: Parts) -> None:
    info = ZipInfo("secrets/link")
    info.external_attr = 0o120777 << 16
    zipped.writestr(info, "/etc/passwd")


def packed_otherwise(zipped: ZipFile, content: Parts) -> None:
    zipped.writestr("x", b"x", compress_type=ZIP_BZIP2)


@pytest.mark.parametrize("add", [twice, symlink, packed_otherwise])
def test_tricks_of_a_zip_are_refused(archive, add):
    content = parts(archive)
    with ZipFile(archive, "a", ZIP_DEFLATED) as zipped:
        add(zipped, content)
    assert "damaged" in refusal(archive)


def test_a_file_that_exists_is_never_overwritten(archive):
    before = archive.read_bytes()
    with pytest.raises(BackupNotMade, match="exists; a backup never overwrites"):
        make_backup(archive)
    archive.with_name("link.zip").symlink_to("nowhere")
    with pytest.raises(BackupNotMade, match="exists"):
        make_backup(archive.with_name("link.zip"))
    assert archive.read_bytes() == before


def test_a_folder_that_is_not_there_is_one_line(transactional_db, tmp_path):
    with pytest.raises(BackupNotMade, match="could not be written: No such file or directory"):
        make_backup(tmp_path / "none" / "site.zip")


def test_a_full_disk_is_one_line_and_leaves_no_file(transactional_db, tmp_path):
    make_user("ada")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    # SQLite's own files are larger than that already, and grow no more; they are not written to here.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        with pytest.raises(BackupNotMade, match="could not be written: File too large"):
            make_backup(tmp_path / "site.zip")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(tmp_path.iterdir()) == []


def test_another_key_in_the_environment_is_refused(archive, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("SECRET_KEY", "another")
        patch.setattr(settings, "SECRET_KEY", "another key that is long enough for this site")
        assert "isn't the archive's" in refusal(archive)


# ── Into an empty site ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sites() -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(**environment: str) -> Site:
        made.append(Site(processes=(), environment=environment))
        return made[-1]

    yield make
    for site in made:
        site.stop()


def run(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stdout
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_damaged_archive_leaves_an_empty_folder_empty_and_a_whole_one_follows(archive, tmp_path, sites):
    content = parts(archive)
    flipped = write(tmp_path / "flipped.zip", {**content, USERS: content[USERS].replace(b"ada", b"eve")})
    site = sites()

    assert "damaged" in said(run(site, "restore", str(flipped)))
    assert not (site.data_dir / "secret_key").exists()

    assert run(site, "restore", str(archive)).returncode == 0


def test_rows_that_do_not_fit_and_a_trail_that_was_altered_leave_an_empty_site(archive, tmp_path, sites):
    """Made by somebody who has the key: what the checksums cannot find, the database and the audit trail do."""
    content = parts(archive)
    entries = content["tables/audit_auditentry.jsonl"].splitlines(keepends=True)
    assert entries  # make_user writes one
    site = sites()
    for table, data, count, expected in (
        ("audit_auditentry", b"".join(entries[:-1]), len(entries) - 1, "audit trail isn't intact"),
        ("directory_user", b'["x"]\n', 1, "can't be read"),
        ("directory_user", content[USERS] * 2, 2, "don't fit together"),
        ("directory_user", b"", 0, "don't fit together"),
        ("directory_user", content[USERS], 2, "another number of rows"),
    ):
        write(tmp_path / "changed.zip", resigned(content, table, data, count))
        assert expected in said(run(site, "restore", str(tmp_path / "changed.zip")))
        (site.data_dir / "secret_key").unlink(missing_ok=True)
    assert run(site, "restore", str(archive)).returncode == 0


def test_damage_of_the_trail_that_was_known_can_be_accepted(archive, tmp_path, sites):
    content, site = parts(archive), sites()
    altered = content["tables/audit_auditentry.jsonl"].replace(b"ada", b"eve")
    write(tmp_path / "altered.zip", resigned(content, "audit_auditentry", altered, len(altered.splitlines())))

    done = run(site, "restore", str(tmp_path / "altered.zip"), "--accept-audit-damage", "--json")

    assert json.loads(done.stdout)["audit"] == "damaged"
    assert "is not what was written" in done.stderr


def resigned(content: Parts, table: str, data: bytes, count: int) -> Parts:
    def change(document: dict[str, Any]) -> None:
        document["members"][f"tables/{table}.jsonl"] = {"size": len(data), "sha256": sha256(data).hexdigest()}
        document["tables"][table]["rows"] = count

    return signed({**content, f"tables/{table}.jsonl": data}, settings.SECRET_KEY, change)


def test_keys_that_are_there_already_are_not_replaced(archive, sites):
    site = sites()
    (site.data_dir / "secret_key").write_text("k" * 40)

    assert "holds another key than the archive" in said(run(site, "restore", str(archive)))
    assert (site.data_dir / "secret_key").read_text() == "k" * 40

    (site.data_dir / "secret_key").write_text(settings.SECRET_KEY)
    assert run(site, "restore", str(archive)).returncode == 0


def test_a_key_of_the_environment_is_not_in_the_archive_and_has_to_be_the_same(tmp_path, sites):
    source = sites(SECRET_KEY="k" * 40, SECRET_KEY_FALLBACKS="f" * 40)
    run(source, "start", "--prepare-only")
    assert run(source, "backup", str(tmp_path / "site.zip")).returncode == 0
    assert not {SECRET_KEY, FALLBACKS} & set(parts(tmp_path / "site.zip"))
    assert b"kkkk" not in b"".join(parts(tmp_path / "site.zip").values())

    file = str(tmp_path / "site.zip")
    assert "set SECRET_KEY as the former site had it" in said(run(sites(), "restore", file))
    assert "set SECRET_KEY as" in said(run(sites(SECRET_KEY="x" * 40), "restore", file))
    assert "SECRET_KEY_FALLBACKS" in said(run(sites(SECRET_KEY="k" * 40), "restore", file))
    same = sites(SECRET_KEY="k" * 40, SECRET_KEY_FALLBACKS="f" * 40)
    assert run(same, "restore", file).returncode == 0
    assert not (same.data_dir / "secret_key").exists()


def test_a_later_head_of_the_same_trail_on_this_machine_is_named(archive, sites):
    head = json.loads(next(Path(settings.DATA_DIR).glob("audit_head_*.json")).read_text())
    trail = rows(archive, "audit_audithead")[0]
    site = sites()
    name = next(each for each in trail if isinstance(each, str) and len(each) == 32)
    kept = site.data_dir / f"audit_head_{name}.json"
    kept.write_text(json.dumps({**head, "trail": name, "position": 10**6}))

    assert f"{kept.name} keeps link 1000000" in said(run(site, "restore", str(archive)))
