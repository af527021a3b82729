"""Where the buckets are, for all processes together: in Redis, or in a file of this machine that they share."""

import fcntl
import mmap
import os
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import Protocol

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from scim.rate_limits.bucket import BURST_SECONDS, Bucket, Taken

REDIS_TIMEOUT = 0.25  # seconds for an answer; a request waits no longer for its limit
_EXPIRES_AFTER = 60_000  # milliseconds: a bucket that is full again need not be kept

_MICROSECONDS = 1_000_000
# As ``Bucket.take``, at Redis's clock, in microseconds. Returns the tokens, and the microseconds to wait.
_TAKE = f"""
local time = redis.call('TIME')
local now = time[1] * {_MICROSECONDS} + time[2]
local burst, rate, wanted = {int(BURST_SECONDS * _MICROSECONDS)}, tonumber(ARGV[1]), tonumber(ARGV[2])
local spacing = {_MICROSECONDS} / rate
local full_at = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now), now + burst)
local free = now + burst - full_at
local granted = math.min(wanted, math.floor(free / spacing + 0.001))
if granted < 1 then return {{0, math.ceil(spacing - free)}} end
redis.call('SET', KEYS[1], string.format('%.0f', full_at + granted * spacing), 'PX', {_EXPIRES_AFTER})
return {{granted, 0}}
"""


class StoreAway(Exception):
    """The buckets can't be reached at the moment; the text says why."""


class Store(Protocol):
    """Takes tokens for all processes together. The name of a bucket is an id, of 40 characters at the most."""

    def take(self, name: str, rate: int, wanted: int) -> Taken:
        """Up to ``wanted`` tokens of the bucket ``name``, atomically. Raises: StoreAway."""


class RedisStore:
    """Buckets in Redis: one script, which is one round trip, over a connection that is kept."""

    def __init__(self, address: str) -> None:
        self._redis = Redis.from_url(
            address,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 1),  # a connection that the server has closed meanwhile
        )
        self._take = self._redis.register_script(_TAKE)

    def take(self, name: str, rate: int, wanted: int) -> Taken:
        """See ``Store``."""
        try:
            tokens, wait = self._take(keys=[f"gatekeeper:rate-limit:{name}"], args=[rate, wanted])
        except (RedisError, OSError) as error:
            raise StoreAway(str(error)) from error
        return Taken(int(tokens), int(wait) / _MICROSECONDS)


_SLOT = struct.Struct("40sd")  # the bucket's name, which is an id, and the moment at which it is full
_SETS, _SLOTS = 64, 8  # a name has eight slots to choose from; a bucket that is full again needs none
_SIZE = _SETS * _SLOTS * _SLOT.size


class FileStore:
    """Buckets in a small file that the processes of one machine map into their memory. Nothing of it reaches a disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # the file's lock is the whole process's
        self._file = -1
        self._memory: mmap.mmap | None = None

    def take(self, name: str, rate: int, wanted: int) -> Taken:
        """See ``Store``. A process that dies meanwhile gives the lock back."""
        try:
            with self._lock:
                memory = self._memory or self._open()
                fcntl.lockf(self._file, fcntl.LOCK_EX)
                try:
                    return _take(memory, name, rate, wanted)
                finally:
                    fcntl.lockf(self._file, fcntl.LOCK_UN)
        except OSError as error:
            raise StoreAway(str(error)) from error

    def _open(self) -> mmap.mmap:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _allocate(file)
            self._memory = mmap.mmap(file, _SIZE)
        except OSError:
            os.close(file)
            raise
        self._file = file
        return self._memory


def _allocate(file: int) -> None:
    """On a full disk a page that has no block yet would end the process that writes to it (SIGBUS)."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, _SIZE)
    elif os.fstat(file).st_size < _SIZE:
        os.pwrite(file, bytes(_SIZE), 0)


def _take(memory: mmap.mmap, name: str, rate: int, wanted: int) -> Taken:
    held, now = name.encode()[:40].ljust(40, b"\0"), time.time()
    first = zlib.crc32(held) % _SETS * _SLOTS
    slots = [_SLOT.unpack_from(memory, (first + index) * _SLOT.size) for index in range(_SLOTS)]
    own = next((index for index, (each, _) in enumerate(slots) if each == held), None)
    full_at = 0.0 if own is None else slots[own][1]
    index = min(range(_SLOTS), key=lambda each: slots[each][1]) if own is None else own
    bucket, taken = Bucket(full_at).take(now=now, rate=rate, wanted=wanted)
    _SLOT.pack_into(memory, (first + index) * _SLOT.size, held, bucket.full_at)
    return taken
