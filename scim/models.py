"""Tables of the SCIM endpoints: credentials, the search index over users' profiles, and declared attributes."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from gatekeeper.secrets.bearer_keys import BearerKey, BearerKeyQuerySet, HashedSecret
from scim.protocol.limits import MAX_CUSTOM_DESCRIPTION, MAX_CUSTOM_PATH

PREFIX_LENGTH = 100  # Characters. Long values (certificates) would not fit into an index row of PostgreSQL.


class ScimCredential(models.Model):
    """What an administrator sets for a credential, whichever kind it is. The database fills in what old code omits."""

    is_strict = models.BooleanField(
        db_default=False, help_text="Unknown attributes are refused instead of ignored (interoperability profile)."
    )
    requests_per_second = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the site's default.")
    allowed_networks = models.TextField(
        blank=True, db_default="", help_text="CIDR networks, separated by spaces; empty: from anywhere."
    )

    # The statement that finds a credential says whether reads are listed now, and which attributes are declared.
    is_traced = False
    attributes_version = 0

    class Meta:
        abstract = True


class ApiKeyQuerySet(BearerKeyQuerySet["ApiKey"]):
    """A class of its own, since the type checker finds no manager of a generic class across modules."""


class ApiKey(ScimCredential, BearerKey):
    """A bearer key of an identity provider."""

    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta(BearerKey.Meta):
        verbose_name = "API key"

    def __str__(self) -> str:
        return BearerKey.__str__(self)

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class OAuthClient(ScimCredential):
    """A client of the token endpoint: with secrets, or with a federated identity, whose four parts are then set."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="At the SCIM endpoint, exact to a minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    issuer = models.CharField(max_length=500, blank=True)
    jwks_url = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    audience = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "OAuth client"

    def __str__(self) -> str:
        return self.name

    @property
    def is_federated(self) -> bool:
        return bool(self.issuer)


class ClientSecret(HashedSecret):
    """One of the secrets of an OAuth client; several may be active, so that one can be exchanged for the next."""

    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="secrets")
    expires_at = models.DateTimeField()

    class Meta(HashedSecret.Meta):
        verbose_name = "client secret"

    def __str__(self) -> str:
        return f"{self.hint}…"


Credential = ApiKey | OAuthClient


class AccessToken(models.Model):
    """An access token of the token endpoint. It ends with its client, and with the secret that it was issued for."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="+")
    secret = models.ForeignKey(ClientSecret, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"of {self.client_id}, until {self.expires_at}"


class TokenRequest(models.Model):
    """What came of one request for an access token, for the administrator who has to find out why.

    ``claims`` is what an assertion says of itself, believed or not; of what was sent, nothing else is kept.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    request_id = models.CharField(max_length=60, blank=True)
    client = models.ForeignKey(OAuthClient, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    stated_client = models.CharField(max_length=100, blank=True, help_text="The client_id of a client that is not one.")
    secret = models.ForeignKey(
        ClientSecret, null=True, blank=True, db_index=False, on_delete=models.SET_NULL, related_name="+"
    )
    method = models.CharField(max_length=30, blank=True, help_text="How the client authenticates (RFC 8414).")
    accepted = models.BooleanField()
    failed_check = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=60, blank=True, help_text="Why the check failed: a code.")
    parameters = models.JSONField(null=True, blank=True, help_text="The values for the reason's text.")
    claims = models.JSONField(null=True, blank=True)
    address = models.CharField(max_length=45, blank=True)
    milliseconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="From the arrival of the request until this was written; null: not known."
    )

    class Meta:
        verbose_name = "token request"
        ordering = ("-id",)
        indexes = (models.Index(fields=("request_id",), name="token_request_by_reference"),)

    def __str__(self) -> str:
        return f"{self.at} {'accepted' if self.accepted else self.failed_check}"


class RefusedTokenRequestCount(models.Model):
    """How many requests for a token were refused in one minute, and how many of those the token log lists.

    ``names_a_client``: whether they named a client that there is, which who just guesses does not.
    """

    minute = models.DateTimeField()
    names_a_client = models.BooleanField()
    refused = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("minute", "names_a_client"), name="refused_token_requests_one_a_minute"),
        )

    def __str__(self) -> str:
        return f"{self.refused} in {self.minute}"


class UnauthenticatedRequestCount(models.Model):
    """How many requests without a valid key the provisioning log lists of one minute."""

    minute = models.DateTimeField(unique=True)
    listed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.listed} in {self.minute}"


class AttributeValue(models.Model):
    """One value of a profile, so that filters and sorting find it. Derived: ``scim/query/search_index.py`` writes it.

    ``path`` is the attribute's full name; ``element`` the position in a multi-valued attribute, whose elements also
    have a row with the attribute's own name and no text. ``prefix`` is the start of the folded text. ``text`` is kept
    only where case matters, and ``folded`` there only if it is longer than its prefix: nothing else is compared
    (``scim/query/related_columns.py``). Rows of earlier releases have all three.

    The database does not ask for the user of each row: a user has twenty, written with it or under its lock, and no row
    of a user is ever deleted.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attribute_values", db_constraint=False
    )
    path = models.CharField(max_length=120)
    element = models.PositiveIntegerField()
    text = models.TextField()
    folded = models.TextField()
    prefix = models.CharField(max_length=PREFIX_LENGTH)

    class Meta:
        indexes = (models.Index(fields=("path", "prefix", "user"), name="attribute_value_by_text"),)

    def __str__(self) -> str:
        return f"{self.path} of {self.user_id}"


class CustomAttribute(models.Model):
    """An attribute of users that an administrator declared. ``schema`` is the URN of its extension.

    A removed one stays until nothing of its values is left: ``scim/attributes/removal.py``.
    """

    schema = models.CharField(max_length=MAX_CUSTOM_PATH)
    name = models.CharField(max_length=MAX_CUSTOM_PATH)
    path_folded = models.CharField(max_length=MAX_CUSTOM_PATH)
    type = models.CharField(max_length=20)
    multi_valued = models.BooleanField(default=False)
    case_exact = models.BooleanField(default=False)
    description = models.CharField(max_length=MAX_CUSTOM_DESCRIPTION, blank=True)
    declared_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("declared_at", "pk")
        constraints = (models.UniqueConstraint(fields=("path_folded",), name="custom_attribute_once"),)

    def __str__(self) -> str:
        return self.path

    @property
    def path(self) -> str:
        """Its full name, which its rows in the search index have, too."""
        return f"{self.schema}:{self.name}"


class CustomAttributesVersion(models.Model):
    """One row, whose number is another one after each change of a declaration (``scim/attributes/registry.py``)."""

    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.version)
