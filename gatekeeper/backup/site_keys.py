"""SECRET_KEY and SECRET_KEY_FALLBACKS: those that lie in DATA_DIR are in a backup, those of the environment are not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from gatekeeper.backup.manifest import FALLBACKS, SECRET_KEY, fingerprint
from gatekeeper.backup.refusals import ArchiveRefused, SiteNotEmpty, damaged
from gatekeeper.runtime import environment

_FILES = {SECRET_KEY: "secret_key", FALLBACKS: "secret_key_fallbacks"}
_VARIABLES = {SECRET_KEY: "SECRET_KEY", FALLBACKS: "SECRET_KEY_FALLBACKS"}


@dataclass(frozen=True, slots=True)
class Keys:
    """What a restored site signs with, and the files of DATA_DIR that are written for it."""

    secret_key: str
    fallbacks: tuple[str, ...]
    files: Mapping[Path, bytes]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Sign and verify with them, in this process."""
        before = settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = self.secret_key, list(self.fallbacks)
        try:
            yield
        finally:
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = before

    @contextmanager
    def placed(self) -> Iterator[None]:
        """The files are in DATA_DIR; an exception puts back what was there."""
        before: dict[Path, bytes | None] = {path: path.read_bytes() if path.exists() else None for path in self.files}
        try:
            for path, content in self.files.items():
                environment.replace_private_file(path, content)
            yield
        except BaseException:
            for path, former in before.items():
                _put_back(path, former)
            raise


def kept_in_files() -> dict[str, bytes]:
    """The keys that lie in DATA_DIR and are used from there, by the name of their member."""
    return {name: _path(name).read_bytes() for name in _FILES if not _is_set(name) and _path(name).exists()}


def fingerprints() -> list[str]:
    """Of every key of this site, the present one first."""
    return [fingerprint(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def keys_for(archived: Mapping[str, bytes], wanted: list[str]) -> Keys:
    """The keys with which an archive is restored: its own, and where it has none those of the environment.

    Raises: ArchiveRefused where neither has the keys that the archive was made with. SiteNotEmpty where other keys are
    in DATA_DIR or in the environment.
    """
    if SECRET_KEY in archived and fingerprint(_archived_key(archived)) not in wanted[:1]:
        raise damaged("its key isn't the one that it was made with")
    files = {}
    for name, content in archived.items():
        if not _is_set(name) and _needs_writing(_path(name), content):
            files[_path(name)] = content
    secret_key = settings.SECRET_KEY if _is_set(SECRET_KEY) else _archived_key(archived)
    fallbacks = settings.SECRET_KEY_FALLBACKS
    if FALLBACKS in archived and not _is_set(FALLBACKS):
        fallbacks = [line.strip() for line in archived[FALLBACKS].decode().splitlines() if line.strip()]
    found = [fingerprint(key) for key in (secret_key, *fallbacks)]
    if found[:1] != wanted[:1]:
        raise ArchiveRefused(_other_key(SECRET_KEY in archived))
    if set(wanted) - set(found):
        raise ArchiveRefused(
            "The former site had other SECRET_KEY_FALLBACKS, which aren't in the archive: set the same."
        )
    return Keys(secret_key, tuple(fallbacks), files)


def forget_key_made_here() -> None:
    """Take away a SECRET_KEY that this very process made when it started: nothing was signed with it."""
    path = _path(SECRET_KEY)
    if path in environment.made_here:
        environment.made_here.discard(path)
        path.unlink(missing_ok=True)


def _archived_key(archived: Mapping[str, bytes]) -> str:
    return archived[SECRET_KEY].decode().strip() if SECRET_KEY in archived else settings.SECRET_KEY


def _other_key(is_archived: bool) -> str:
    if is_archived:
        return "SECRET_KEY is set in the environment, and isn't the archive's: take it away, or set the archive's."
    return "The archive was made under another SECRET_KEY, which isn't in it: set SECRET_KEY as the former site had it."


def _needs_writing(path: Path, content: bytes) -> bool:
    if not path.exists() or path in environment.made_here:
        return True
    if path.read_bytes().strip() == content.strip():
        return False
    raise SiteNotEmpty(f"{path} holds another key than the archive: move that file away if nothing needs it any more.")


def _path(name: str) -> Path:
    return Path(settings.DATA_DIR) / _FILES[name]


def _is_set(name: str) -> bool:
    return bool(environment.text(_VARIABLES[name]))


def _put_back(path: Path, content: bytes | None) -> None:
    with suppress(OSError):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            environment.replace_private_file(path, content)
