"""Is the disk full, is the database at something for very long, and do tasks pile up?"""

from gatekeeper.health.checks.result import Check, failed, ok, one_line, warning
from gatekeeper.health.measured.system import free_space, longest, queue_depth, why_not_writable

LEAST_FREE, LEAST_PART = 512 * 1024**2, 0.05  # bytes; of the disk
LONG_STATEMENT, LONG_IDLE = 300.0, 60.0  # seconds; a task's statement may take as long as the first
LONG_QUEUE = 200  # tasks: beat sends ten in a minute at most
MIB = 1024**2


def check_data_dir() -> Check:
    """Whether DATA_DIR takes a file, and how much is free."""
    error = why_not_writable()
    if error:
        fix = "Free space, or mount the disk so that it can be written; nothing has to be restarted."
        return failed("data_dir", f"DATA_DIR takes no file: {one_line(error)}", fix)
    free, part = free_space()
    text = f"{free // MIB:,} MiB ({part:.0%}) are free."
    if free < LEAST_FREE or part < LEAST_PART:
        return warning("data_dir", text, "Free space before the disk is full.")
    return ok("data_dir", text)


def check_long_statements() -> Check:
    """Whether this site's role has a statement or an idle transaction in the database that holds up others."""
    found = longest()
    if found is None:
        return ok("long_statements", "SQLite does not say.")
    text = f"The longest statement runs for {found.statement:.0f} s, "
    text += f"the longest idle transaction for {found.idle_transaction:.0f} s."
    if found.statement > LONG_STATEMENT or found.idle_transaction > LONG_IDLE:
        return warning("long_statements", text, "Look in pg_stat_activity who that is; pg_cancel_backend(pid) ends it.")
    return ok("long_statements", text)


def check_queue() -> Check:
    """Whether more tasks wait than a worker that runs would leave."""
    depth = queue_depth()
    if depth is None:
        return warning("queue", "The broker does not say how many tasks wait.", "Start the broker.")
    if depth > LONG_QUEUE:
        return warning("queue", f"{depth} tasks wait.", "Start a worker, or another one.")
    return ok("queue", f"{depth} tasks wait.")
