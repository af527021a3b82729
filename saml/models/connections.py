"""A connection to an identity provider, the certificates that it signs with, and our own key pairs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone

from gatekeeper.directory.models import IdentityProvider
from gatekeeper.directory.models.periods import Period, PeriodQuerySet
from gatekeeper.errors import IdentityProviderNotFound
from gatekeeper.secrets.sealing import SealedField
from saml.certificates import SigningCertificate, from_der
from saml.metadata.endpoints import Binding
from saml.metadata.products import Product, recognise_product
from saml.refusals.metadata_texts import text_of

BINDINGS = [(Binding.REDIRECT.value, "HTTP-Redirect"), (Binding.POST.value, "HTTP-POST")]
PRIVATE_KEY_PURPOSE = "SAML private key"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def live(self) -> ConnectionQuerySet:
        """Those that are not deleted, by name."""
        return self.filter(provider__until=None).select_related("provider").order_by("provider__name", "pk")

    def trusted(self) -> ConnectionQuerySet:
        """The live ones through which people sign in; not those that are only being tried out."""
        return self.live().filter(provider__test_only=False)

    def locked(self, connection_id: UUID) -> Connection:
        """The live connection with this id, locked until the transaction ends. Raises: IdentityProviderNotFound."""
        connection = self.live().select_for_update(of=("self",)).filter(pk=connection_id).first()
        if connection is None:
            raise IdentityProviderNotFound(connection_id)
        return connection


class Connection(models.Model):
    """The SAML side of an ``IdentityProvider``: what its metadata said, and how it is to be used."""

    provider = models.OneToOneField(
        IdentityProvider, primary_key=True, on_delete=models.PROTECT, related_name="saml_connection"
    )
    idp_entity_id = models.CharField(max_length=1000)
    sso_url = models.CharField(max_length=1000)
    sso_binding = models.CharField(
        max_length=10, choices=BINDINGS, default=Binding.REDIRECT.value, db_default=Binding.REDIRECT.value
    )
    slo_url = models.CharField(max_length=1000, blank=True)
    slo_binding = models.CharField(
        max_length=10, choices=BINDINGS, default=Binding.REDIRECT.value, db_default=Binding.REDIRECT.value
    )
    slo_response_url = models.CharField(
        max_length=1000, blank=True, default="", db_default="", help_text="Empty: answers go to the logout address."
    )
    idp_metadata_url = models.CharField(max_length=1000, blank=True, help_text="Empty when the document was uploaded.")
    accept_idp_initiated = models.BooleanField(default=False)
    sign_requests = models.BooleanField(
        default=False, db_default=False, help_text="Whether the messages that we send are signed."
    )
    accept_signed_response = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether the signature of the Response vouches for an assertion in it that is not signed itself.",
    )
    person_claim = models.CharField(
        max_length=300, blank=True, default="", help_text="The claim that says who is signing in; empty: the NameID."
    )
    claim_mapping = models.JSONField(null=True, blank=True, help_text="Profile field -> claim; null: the usual ones.")
    metadata_pin = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the one certificate that may sign its metadata."
    )
    document = models.BinaryField(help_text="The last good metadata document, as it was received.")
    document_sha256 = models.CharField(max_length=64)
    refreshed_at = models.DateTimeField(default=timezone.now, help_text="When the document was last found good.")
    tried_at = models.DateTimeField(default=timezone.now)
    refresh_failed = models.BooleanField(default=False)
    refresh_result = models.CharField(max_length=500, blank=True)  # "good", or a MetadataReason
    refresh_parameters = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="The values for the text of the refresh's result."
    )

    objects = ConnectionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.provider.name

    @property
    def id(self) -> UUID:
        """The id in the four addresses."""
        return self.provider_id

    @property
    def name(self) -> str:
        return self.provider.name

    @property
    def test_only(self) -> bool:
        """Whether it is only being tried out: nobody signs in through it yet."""
        return self.provider.test_only

    @property
    def answer_url(self) -> str:
        """Where answers to its logout requests go; "" when it has no logout address."""
        return self.slo_response_url or self.slo_url

    @property
    def refresh_text(self) -> str:
        """Why the last refresh failed, as a sentence."""
        return text_of(self.refresh_result, self.refresh_parameters)

    @property
    def product(self) -> Product:
        """The identity provider's product, which knows the names of its settings."""
        return recognise_product(self.idp_entity_id, self.sso_url)

    def signing_certificates(self) -> list[SigningCertificate]:
        """The certificates that the identity provider publishes now, the longest valid one first."""
        return [each.value() for each in self.certificates.live().order_by("-not_after", "sha256")]


class Certificate(Period):
    """A signing certificate of a connection, from when it appeared in the metadata until it was withdrawn."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="certificates")
    sha256 = models.CharField(max_length=64)
    subject = models.CharField(max_length=300, blank=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    der = models.BinaryField()

    objects = PeriodQuerySet["Certificate"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "sha256"), condition=Q(until=None), name="certificate_live_once_per_connection"
            ),
        )

    def __str__(self) -> str:
        return self.sha256

    def value(self) -> SigningCertificate:
        """The certificate without its row."""
        return SigningCertificate(
            sha256=self.sha256,
            der=bytes(self.der),
            subject=self.subject,
            not_before=self.not_before,
            not_after=self.not_after,
        )


class KeyPair(Period):
    """A key pair of ours at one connection, from when its certificate is published until it is retired.

    While a change of keys is under way there are two: the one in use, and the next one, which only decrypts.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="key_pairs")
    in_use_since = models.DateTimeField(null=True, blank=True, help_text="Our messages are signed with it since then.")
    der = models.BinaryField(help_text="The certificate.")
    sealed_key = SealedField(
        purpose=PRIVATE_KEY_PURPOSE, help_text="The private key, sealed; empty once the pair is retired."
    )

    objects = PeriodQuerySet["KeyPair"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connection",),
                condition=Q(until=None, in_use_since__isnull=False),
                name="key_pair_one_in_use_per_connection",
            ),
            models.UniqueConstraint(
                fields=("connection",),
                condition=Q(until=None, in_use_since=None),
                name="key_pair_one_next_per_connection",
            ),
        )

    def __str__(self) -> str:
        return self.certificate.sha256

    @property
    def is_next(self) -> bool:
        return self.in_use_since is None

    @property
    def certificate(self) -> SigningCertificate:
        return from_der(bytes(self.der))

    def days_left(self, now: datetime) -> int:
        """Whole days until the certificate expires; negative when it has."""
        return (self.certificate.not_after - now).days
