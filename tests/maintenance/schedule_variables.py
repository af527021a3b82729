"""The variables by which a test tells processes with a quick schedule when it began, and where to write.

Apart from that schedule, whose import changes the schedule of the process: a test's own has to stay as it is.
"""

STARTED = "QUICK_SCHEDULE_STARTED"  # seconds since 1970
NOTES = "QUICK_SCHEDULE_NOTES"  # a file
