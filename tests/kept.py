"""What one test run keeps for the next in pytest's cache folder: private keys. ``pytest --cache-clear`` forgets it."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

FOLDER = Path(__file__).resolve().parent.parent / ".pytest_cache" / "d" / "gatekeeper"


def kept_file(name: str) -> Path:
    """Where something of this name is kept; the folder is there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER / name


def write_whole(path: Path, content: bytes) -> None:
    """Other test processes see the whole file or none."""
    handle, partial = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(partial).replace(path)


def kept_key(name: str, make: Callable[[], PrivateKeyTypes]) -> PrivateKeyTypes:
    """The private key of this name, made by ``make`` the first time."""
    path = kept_file(f"key-{hashlib.sha256(name.encode()).hexdigest()[:20]}.pem")
    if path.exists():
        return load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    key = make()
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The RSA key of this name. To find two large primes takes a tenth of a second and, with bad luck, one."""
    key = kept_key(f"RSA {bits} {name}", lambda: rsa.generate_private_key(65537, bits))
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
