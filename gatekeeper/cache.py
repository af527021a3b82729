"""What pages have counted, in Redis for all machines; while that does not answer, they count again."""

from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class Cache(RedisCache):
    """Django's over Redis, without which no request fails: nothing is found there, and nothing kept."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """What is kept under the key; the default as well when Redis does not say."""
        try:
            return super().get(key, default, version)
        except (RedisError, OSError) as error:
            log.warning("cache_unreachable", reason=str(error))
            return default

    def set(self, key: Any, value: Any, *arguments: Any, **options: Any) -> None:
        """Keep it, where that is possible."""
        try:
            super().set(key, value, *arguments, **options)
        except (RedisError, OSError) as error:
            log.warning("cache_unreachable", reason=str(error))
