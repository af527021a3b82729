"""Who is given events: a subscriber is one function in one file of this folder, and one line of the list here."""

from gatekeeper.events.subscribers import log_line
from gatekeeper.events.subscription import Subscriber

# In the order in which they are given their turns.
SUBSCRIBERS: tuple[Subscriber, ...] = (Subscriber("log_line", log_line.write_line, frozenset(log_line.LEVELS)),)
