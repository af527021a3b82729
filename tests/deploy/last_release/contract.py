"""What migrations since the last release do that its code would not stand, and why it may be done all the same.

Two reasons are good ones. *Contract*: the last release already does without it, since the one before it. *Reaches
nothing*: the old code never does what would be refused. Anything else has to be cut in two releases: first what is
added, with ``null=True`` or ``db_default``, and code that writes both; in the next release what is taken away.
Making a release empties this list.
"""

OLD_EVENTS = (
    "The old code deletes events of more than 30 days ago, and what refers to events begins with the new code. Were "
    "the old code kept for a month, that one task would fail, and delete nothing."
)
NO_USER = "The old code deletes no row of directory_user: people who are deleted stay as a row for the audit trail."
ALLOWED: dict[str, str] = {
    "directory.0020_saved_views: AddField chosencolumns.user refers to directory.user": NO_USER,
    "directory.0020_saved_views: AddField savedview.owner refers to directory.user": NO_USER,
    "setup_links.0001_initial: CreateModel SetupLink.made_by refers to directory.user": NO_USER,
    "setup_links.0001_initial: CreateModel SetupLink.connection refers to saml.connection": (
        "The old code deletes no row of saml_connection: a deleted connection has ended (its provider.until)."
    ),
    "setup_links.0001_initial: CreateModel SetupLink.api_key refers to scim.apikey": (
        "The old code deletes no row of scim_apikey: a revoked key has a time in revoked_at."
    ),
    "events.0002_webhooks: CreateModel WebhookDelivery.event refers to events.outboxevent": OLD_EVENTS,
    "events.0004_mail: CreateModel MailCause.event refers to events.outboxevent": OLD_EVENTS,
    "audit.0019_sealed_entries_may_go: RunPython run": (
        "The triggers refuse what they refused before, but let go what is in a sealed segment. The old code makes no "
        "segment, and deletes no audit entry."
    ),
}
