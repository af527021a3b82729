"""Database triggers that refuse to change or delete audit entries, except for linking and erasing personal parts.

This is no proof against a database's owner, who can take the triggers away: the MACs are. It keeps mistakes, ours and
those of injected SQL, from doing damage in the first place. Entries that are in a sealed segment may be deleted.
"""

from typing import Final

TABLE: Final = "audit_auditentry"
NAMES: Final = ("audit_entries_stay", "audit_trail_stays", "audit_entries_are_kept")
REFUSAL: Final = "The audit trail is append-only."

LINK: Final = ("position", "digest", "key_hint")
OBJECT_PART: Final = ("object_label", "before", "after", "object_salt", "erased_by")
ACTOR_PART: Final = ("actor_name", "actor_salt", "actor_erased_by")
OTHERS: Final = (
    "id", "at", "event", "actor_kind", "actor_id", "door", "request_id", "object_kind", "object_id", "content",
    "writer", "number", "actor_commitment", "object_commitment", "mac", "mac_key",
)  # fmt: skip


SEGMENTS: Final = "audit_auditsegment"
_SEALED: Final = f"EXISTS (SELECT 1 FROM {SEGMENTS} WHERE last >= OLD.position AND first <= OLD.position)"  # noqa: S608


def install(vendor: str) -> tuple[str, ...]:
    """The statements that make the triggers on PostgreSQL or SQLite."""
    return _postgresql(_SEALED) if vendor == "postgresql" else _sqlite(_SEALED)


def install_without_segments(vendor: str) -> tuple[str, ...]:
    """The same from before there were segments, when nothing could be deleted: for migrations."""
    return _postgresql("FALSE") if vendor == "postgresql" else _sqlite("0")


def remove(vendor: str) -> tuple[str, ...]:
    """The statements that take them away again."""
    if vendor == "postgresql":
        return (
            *(f"DROP TRIGGER IF EXISTS {name} ON {TABLE}" for name in NAMES),
            "DROP FUNCTION IF EXISTS audit_refuse()",
        )
    return tuple(f"DROP TRIGGER IF EXISTS {name}" for name in NAMES)


def present(vendor: str) -> str:
    """The query that counts the triggers that exist and are enabled."""
    names = ", ".join(f"'{name}'" for name in NAMES)
    if vendor == "postgresql":
        enabled = f"tgrelid = '{TABLE}'::regclass AND tgenabled IN ('O', 'A')"
        return f"SELECT count(*) FROM pg_trigger WHERE {enabled} AND tgname IN ({names})"  # noqa: S608 - constants
    return f"SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name IN ({names})"  # noqa: S608


def expected(vendor: str) -> int:
    """How many there have to be: SQLite has no TRUNCATE."""
    return len(NAMES) if vendor == "postgresql" else len(NAMES) - 1


def _same(*groups: tuple[str, ...]) -> str:
    same = "IS NOT DISTINCT FROM"
    return " AND ".join(f"NEW.{column} {same} OLD.{column}" for group in groups for column in group)


def _allowed() -> str:
    """The two updates that the site makes, as a condition over OLD and NEW."""
    links = f"OLD.position IS NULL AND NEW.position IS NOT NULL AND {_same(OBJECT_PART, ACTOR_PART, OTHERS)}"
    no_object = "NEW.erased_by IS NOT NULL AND NEW.before IS NULL AND NEW.after IS NULL AND NEW.object_salt = ''"
    no_actor = "NEW.actor_erased_by IS NOT NULL AND NEW.actor_salt = ''"
    erases_object = f"OLD.erased_by IS NULL AND {no_object} AND {_same(LINK, ACTOR_PART, OTHERS)}"
    erases_actor = f"OLD.actor_erased_by IS NULL AND {no_actor} AND {_same(LINK, OBJECT_PART, OTHERS)}"
    return " OR ".join(f"({each})" for each in (links, erases_object, erases_actor))


def _postgresql(deletable: str) -> tuple[str, ...]:
    return (
        f"""
        CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF {_allowed()} THEN
                    RETURN NEW;
                END IF;
            ELSIF TG_OP = 'DELETE' THEN
                IF {deletable} THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'insufficient_privilege';
        END $$
        """,
        f"CREATE TRIGGER {NAMES[0]} BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        f"CREATE TRIGGER {NAMES[2]} BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        f"CREATE TRIGGER {NAMES[1]} BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    )


def _sqlite(deletable: str) -> tuple[str, ...]:
    refused = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    allowed = _allowed().replace("IS NOT DISTINCT FROM", "IS")
    return (
        f"CREATE TRIGGER {NAMES[0]} BEFORE UPDATE ON {TABLE} WHEN NOT ({allowed}) {refused}",
        f"CREATE TRIGGER {NAMES[2]} BEFORE DELETE ON {TABLE} WHEN NOT {deletable} {refused}",
    )
