"""What the people, places and jobs of the made-up company are called. Plain data."""

from typing import NamedTuple


class Place(NamedTuple):
    """An office, and the language of most people in it."""

    office: str
    street: str
    city: str
    postal_code: str
    country: str
    language: str
    phone_prefix: str


class Department(NamedTuple):
    """A department, the titles in it from the top down, and its share of the people."""

    name: str
    head: str
    lead: str
    staff: tuple[str, ...]
    share: int


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, to keep long lists readable."""
    return tuple(text.split())


# Accents, apostrophes, hyphens, particles and scripts: names are what provisioning breaks on first.
GIVEN_NAMES: tuple[str, ...] = words(
    "Ada Aoife Astrid Amélie Anaïs Björn Bronwen Carlos Céline Chidi Chloë Dafydd Dilnoza Dmitri Elif Émile "
    "Esperança Fatima Femi François Freya Gaël Giulia Göran Grace Hamza Hélène Ifeoma Ingrid Ioana Isaac "
    "Jérôme João José Jürgen Kofi Krzysztof Lærke Leïla Léon Lucía Łukasz Maeve Małgorzata Mateo Mei Mónica "
    "Nadia Niamh Nikolaj Noor Núria Oisín Olga Olumide Özge Padraig Pooja Priya Quentin Rafał Rhys René Rosa "
    "Ruairí Samira Sanjay Seán Siân Siobhán Søren Tadej Tamsin Thaïs Tomáš Ümit Valentín Wanjiru Wei Ximena "
    "Yaël Yusuf Zainab Zoë Zsófia"
)
FAMILY_NAMES = (
    *words(
        "Adeyemi Åkesson Almeida Andersson Asante Bakker Baptiste Becker Bianchi Bjørnstad Bouchard Brennan "
        "Castaño Chen Clarke Cooper Đorđević Dubois Edwards Eriksen Evans Fernández Fischer Fitzgerald Gallagher "
        "García Gómez Griffiths Guðmundsdóttir Haddad Hughes Ibáñez Ibrahim Iyer Jankowski Jensen Jones Jørgensen "
        "Kaya Kimura Kovač Kowalczyk Kumar Lefèvre Lewis Lind Lindström López Mbeki Meier Mensah Moreau Morgan "
        "Müller Ndiaye Nguyễn Novák Núñez Obi Okafor Öztürk Pålsson Patel Pereira Peña Popescu Quiñones Rao Rossi "
        "Šimić Singh Sørensen Strauß Szabó Tanaka Thomas Tran Vargas Wagner Walker Williams Yılmaz Żak Zieliński"
    ),
    "O'Brien",
    "O'Connor",
    "D'Angelo",
    "M'Baye",
    "N'Diaye",
    "Obi-Lee",
    "Smith-Jones",
    "García-Márquez",
    "van der Berg",
    "de la Cruz",
    "von Hagen",
    "Mac Gabhann",
)
# Letters that Unicode does not take apart into a base letter and an accent.
WITHOUT_ACCENT = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "æ": "ae",
        "Æ": "Ae",
        "ı": "i",
    }
)
PLACES = (
    Place("HQ 4F", "1 Quay Street", "Cardiff", "CF10 1AA", "GB", "en-GB", "+44 29 2018 "),
    Place("HQ 5F", "1 Quay Street", "Cardiff", "CF10 1AA", "GB", "en-GB", "+44 29 2018 "),
    Place("Dublin 2F", "14 Sir John Rogerson's Quay", "Dublin", "D02 T380", "IE", "en-IE", "+353 1 555 "),
    Place("Lyon", "27 rue de la République", "Lyon", "69002", "FR", "fr-FR", "+33 4 99 00 "),
    Place("München Ost", "Rosenheimer Straße 141", "München", "81671", "DE", "de-DE", "+49 89 5550 "),
    Place("Kraków", "ul. Józefa 8", "Kraków", "31-056", "PL", "pl-PL", "+48 12 555 "),
    Place("São Paulo", "Av. Paulista 1578", "São Paulo", "01310-200", "BR", "pt-BR", "+55 11 5555 "),
)
DEPARTMENTS = (
    Department(
        "Legal",
        "General Counsel",
        "Senior Counsel",
        ("Counsel", "Contracts Lead", "Contracts Manager", "Paralegal"),
        10,
    ),
    Department(
        "Procurement", "Chief Procurement Officer", "Category Lead", ("Buyer", "Vendor Manager", "Sourcing Analyst"), 10
    ),
    Department(
        "Finance", "Chief Financial Officer", "Finance Lead", ("Accountant", "Controller", "Payroll Specialist"), 11
    ),
    Department(
        "Sales", "Chief Revenue Officer", "Regional Lead", ("Account Executive", "Sales Engineer", "Deal Desk"), 16
    ),
    Department(
        "Marketing", "Chief Marketing Officer", "Campaign Lead", ("Copywriter", "Designer", "Events Manager"), 7
    ),
    Department("People", "Chief People Officer", "People Lead", ("Recruiter", "HR Business Partner", "Trainer"), 6),
    Department("IT", "Chief Information Officer", "Platform Lead", ("Administrator", "Service Desk Analyst"), 8),
    Department(
        "Operations", "Chief Operating Officer", "Shift Lead", ("Planner", "Dispatcher", "Warehouse Specialist"), 18
    ),
    Department(
        "Engineering", "Chief Technology Officer", "Team Lead", ("Engineer", "Senior Engineer", "Test Engineer"), 14
    ),
)
PROJECTS = words(
    "Lighthouse Aberdeen Falcon Harbour Merlin Ironbridge Juniper Kestrel Larkspur Meridian Nightjar Osprey"
)
