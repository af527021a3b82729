"""Home realms: an identity provider names the people of its own e-mail domains, and nobody else's."""

import pytest

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.explanation.readiness import readiness_of
from gatekeeper.directory.history.loading import history_of
from gatekeeper.directory.identity_linking.domains import read_domain, set_domains
from gatekeeper.directory.identity_linking.home_realm_discovery import domains_of, may_name, provider_for
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider, rename_identity_provider
from gatekeeper.directory.identity_linking.sign_in import person_who_signs_in
from gatekeeper.directory.models import ProviderDomain, SignIn, SignInIdentity
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.errors import DomainTaken, IdentityProviderNotFound, InvalidValue, NobodyCouldConfigure, SignInRefused
from tests.builders import ADMIN, link, make_group, make_provider, make_user, map_group

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everybody_has_access() -> None:
    map_group(None, "collaborator")


@pytest.fixture
def contoso():
    return make_provider("Contoso")


@pytest.fixture
def partner():
    return make_provider("Partner")


def linked_at(provider) -> set[str]:
    return set(SignInIdentity.objects.live().filter(provider=provider).values_list("name_id", flat=True))


def test_without_domains_each_provider_names_everybody(contoso, partner):
    make_user("ada@contoso.com")
    link()

    assert linked_at(contoso) == linked_at(partner) == {"ada@contoso.com"}


def test_a_second_tenant_cannot_name_the_first_ones_administrators(contoso, partner):
    ada = make_user("ada@contoso.com")
    make_user("bo@partner.com")
    link()
    set_domains(contoso.id, ["contoso.com"], actor=ADMIN)

    assert linked_at(contoso) == {"ada@contoso.com"}
    assert linked_at(partner) == {"bo@partner.com"}
    with pytest.raises(SignInRefused) as refused:
        person_who_signs_in(partner.id, "Ada@Contoso.com", None)
    assert refused.value.code == "other_connection"
    assert person_who_signs_in(contoso.id, "ada@contoso.com", None) == ada


def test_the_rule_holds_at_sign_in_even_where_a_link_was_made_meanwhile(contoso, partner):
    make_user("ada@contoso.com")
    link()
    ProviderDomain.objects.create(provider=contoso, domain="contoso.com", ascii="contoso.com")

    with pytest.raises(SignInRefused, match="do not sign in here"):
        person_who_signs_in(partner.id, "ada@contoso.com", None)
    assert link().unlinked == 1


def test_a_provider_with_domains_names_nobody_else(contoso):
    set_domains(contoso.id, ["contoso.com"], actor=ADMIN)
    make_user("ada@contoso.com")
    eve = make_user("eve@elsewhere.com")

    report = link()

    assert linked_at(contoso) == {"ada@contoso.com"}
    assert [conflict.user_name for conflict in report.conflicts] == ["eve@elsewhere.com"]
    assert access_of(eve).blocked_because == "no_saml_connection"
    assert (
        "No connection is for the domain of eve@elsewhere.com" in readiness_of(history_of(eve), access_of(eve)).sentence
    )


def test_what_is_unknown_reads_the_same_as_what_is_known(contoso, partner):
    """The refusal depends on the domain only, so a second tenant cannot find out who is here."""
    make_user("ada@contoso.com")
    set_domains(contoso.id, ["contoso.com"], actor=ADMIN)
    answers = []
    for address in ("ada@contoso.com", "nobody@contoso.com"):
        with pytest.raises(SignInRefused) as refused:
            person_who_signs_in(partner.id, address, None)
        answers.append((refused.value.code, str(refused.value), refused.value.user_id))

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("email", "fits"),
    [
        ("ada@contoso.com", True),
        ("ADA@CONTOSO.COM", True),
        ('"a@b"@contoso.com', True),
        ("ada@mail.contoso.com", False),
        ("ada@notcontoso.com", False),
        ("ada@contoso.com.evil.com", False),
        ("ada@contoso.com@evil.com", False),
        ("contoso.com", False),
        ("ada@bücher.example", True),
        ("ada@BÜCHER.example", True),
        ("ada@xn--bcher-kva.example", True),
        ("ada@b%cher.example", False),
    ],
)
def test_the_sync_and_the_sign_in_compare_domains_alike(contoso, email, fits):
    set_domains(contoso.id, ["contoso.com", "Bücher.example"], actor=ADMIN)
    make_user("somebody", work_email=email)
    link()

    assert (linked_at(contoso) == {email}) is fits
    assert may_name(contoso.id, email) is fits


def test_sessions_and_links_that_do_not_fit_any_more_end_with_the_change(contoso, partner):
    ada = make_user("ada@contoso.com")
    link()
    open_sign_in(ada, provider_id=partner.id, actor=ADMIN)
    stays = open_sign_in(ada, provider_id=contoso.id, actor=ADMIN)
    local = open_sign_in(ada, actor=ADMIN)

    set_domains(contoso.id, ["contoso.com"], actor=ADMIN)

    assert set(SignIn.objects.live()) == {stays, local}
    assert linked_at(partner) == set()


def test_a_domain_belongs_to_one_live_provider(contoso, partner):
    set_domains(contoso.id, ["contoso.com"], actor=ADMIN)
    with pytest.raises(DomainTaken, match="belongs to the connection Contoso"):
        set_domains(partner.id, ["partner.com", "CONTOSO.com"], actor=ADMIN)
    assert domains_of(partner.id) == ()

    end_identity_provider(contoso.id, actor=ADMIN)

    assert set_domains(partner.id, ["partner.com", "CONTOSO.com"], actor=ADMIN) == ("contoso.com", "partner.com")
    assert provider_for("x@contoso.com") == partner.id


@pytest.mark.parametrize(
    "nonsense", ["", "contoso", "con toso.com", "https://contoso.com", "a@b.com", "*.com", "x" * 100 + ".com"]
)
def test_what_is_no_domain_is_refused(contoso, nonsense):
    with pytest.raises(InvalidValue, match="no e-mail domain"):
        set_domains(contoso.id, [nonsense], actor=ADMIN)


def test_a_domain_without_end_is_refused_before_it_is_looked_at(contoso):
    with pytest.raises(InvalidValue, match="at most 253"):
        set_domains(contoso.id, ["x." * 10_000 + "com"], actor=ADMIN)


def test_a_domain_is_read_in_each_of_its_spellings():
    assert read_domain("@Contoso.COM.") == ("contoso.com", "contoso.com")
    assert read_domain("BÜCHER.example") == read_domain("xn--bcher-kva.example")


def test_no_more_than_a_hundred_domains(contoso):
    with pytest.raises(InvalidValue, match="at most 100"):
        set_domains(contoso.id, [f"d{number}.example" for number in range(101)], actor=ADMIN)


def test_a_change_is_written_down_once_and_no_change_is_not(contoso):
    set_domains(contoso.id, ["contoso.com"], actor=ADMIN)
    set_domains(contoso.id, ["Contoso.com"], actor=ADMIN)
    set_domains(contoso.id, [], actor=ADMIN)

    entries = AuditEntry.objects.filter(event="connection.domains_set").order_by("id")
    assert [(each.before["domains"], each.after["domains"]) for each in entries] == [
        ([], ["contoso.com"]),
        (["contoso.com"], []),
    ]


def test_domains_cannot_lock_everybody_out(contoso):
    ada = make_user("ada@contoso.com")
    map_group(make_group("GK Administrators", [ada]), "global_administrator", ["configuration"])
    link()

    with pytest.raises(NobodyCouldConfigure):
        set_domains(contoso.id, ["partner.com"], actor=ADMIN)
    assert domains_of(contoso.id) == ()
    assert access_of(ada).can_configure


def test_a_provider_that_is_gone_states_nothing(contoso):
    end_identity_provider(contoso.id, actor=ADMIN)

    with pytest.raises(IdentityProviderNotFound):
        set_domains(contoso.id, ["contoso.com"], actor=ADMIN)
    with pytest.raises(IdentityProviderNotFound):
        rename_identity_provider(contoso.id, "Other", actor=ADMIN)


def test_a_provider_is_renamed_and_keeps_its_links(contoso):
    make_user("ada@contoso.com")
    link()

    rename_identity_provider(contoso.id, " Entra ", actor=ADMIN)
    rename_identity_provider(contoso.id, "Entra", actor=ADMIN)

    assert linked_at(contoso) == {"ada@contoso.com"}
    entry = AuditEntry.objects.get(event="connection.renamed")
    assert (entry.before, entry.after) == ({"name": "Contoso"}, {"name": "Entra"})
