"""Codes for why metadata is refused or a part of it is not used. ``metadata_texts`` makes sentences of them."""

from enum import StrEnum


class MetadataReason(StrEnum):
    """The values are stored. ``because`` among the parameters is another reason: its code and its parameters."""

    TEXT = "text"  # A sentence from before there were codes; its parameter ``text`` is that sentence.
    INTERNAL_ERROR = "internal_error"  # reference
    UNFORESEEN = "unforeseen"  # reference
    # the address, and what came from it
    NOT_FETCHED = "not_fetched"  # problem: a FetchProblem, beside its parameters
    TOO_LARGE = "too_large"
    UPLOAD_TOO_LARGE = "upload_too_large"
    UPLOAD_INCOMPLETE = "upload_incomplete"
    NOT_UTF16 = "not_utf16"
    UNREADABLE_XML = "unreadable_xml"  # problem: a Reason, beside its parameters
    # something else in place of metadata
    EMPTY = "empty"
    ZIP_ARCHIVE = "zip_archive"
    PDF_DOCUMENT = "pdf_document"
    COMPRESSED_FILE = "compressed_file"
    SIGN_IN_PAGE = "sign_in_page"
    WEB_PAGE = "web_page"
    PEM_OR_DER = "pem_or_der"  # kind
    AN_ADDRESS = "an_address"
    LIKE_JSON = "like_json"
    JSON = "json"
    OPENID_DISCOVERY = "openid_discovery"
    KEY_SET = "key_set"
    OTHER_NAMESPACE = "other_namespace"  # name, namespace
    NO_NAMESPACE = "no_namespace"  # name
    SAML_MESSAGE = "saml_message"  # name
    SERVER_ERROR = "server_error"  # detail
    OTHER_ROOT = "other_root"  # name
    # the entity
    OTHER_PROTOCOLS = "other_protocols"
    OUR_OWN_METADATA = "our_own_metadata"
    SERVICE_PROVIDER = "service_provider"
    WS_FEDERATION_ONLY = "ws_federation_only"
    NO_IDENTITY_PROVIDER = "no_identity_provider"
    EMPTY_AGGREGATE = "empty_aggregate"
    REPEATED_ENTITY = "repeated_entity"  # entity_id
    SEVERAL_ENTITIES = "several_entities"  # count, listed
    SEVERAL_ENTITIES_AND_MORE = "several_entities_and_more"  # count, listed, more
    ENTITY_NOT_THERE = "entity_not_there"  # entity_id, count, listed
    ENTITY_NOT_THERE_AND_MORE = "entity_not_there_and_more"  # entity_id, count, listed, more
    TWO_ROLES = "two_roles"
    NO_ENTITY_ID = "no_entity_id"
    ALL_TENANTS = "all_tenants"
    ANOTHER_ENTITY = "another_entity"  # stated, entity_id
    # the sign-on and the logout address
    NO_SIGN_ON_ADDRESS = "no_sign_on_address"
    UNUSABLE_SIGN_ON_ADDRESS = "unusable_sign_on_address"  # url
    NO_SIGN_ON_BINDING = "no_sign_on_binding"  # listed
    LOGOUT_ADDRESS_LEFT_OUT = "logout_address_left_out"  # url
    # the signature, and its pin
    SIGNATURE_CHECK_FAILED = "signature_check_failed"  # check
    SIGNATURE_UNREADABLE = "signature_unreadable"  # problem: a Reason, beside its parameters
    NOT_A_PIN = "not_a_pin"
    NOT_SIGNED = "not_signed"
    NOT_ONE_SIGNATURE = "not_one_signature"
    SIGNER_NOT_STATED = "signer_not_stated"
    SIGNER_UNUSABLE = "signer_unusable"  # because
    NOT_THE_PINNED_SIGNER = "not_the_pinned_signer"  # sha256
    SIGNER_NOT_YET_VALID = "signer_not_yet_valid"  # moment
    # certificates and their keys
    CERTIFICATE_TOO_LONG = "certificate_too_long"
    PEM_INCOMPLETE = "pem_incomplete"
    NO_CERTIFICATE_IN_PEM = "no_certificate_in_pem"  # label
    NOT_BASE64 = "not_base64"
    NOT_A_CERTIFICATE = "not_a_certificate"
    UNKNOWN_KEY = "unknown_key"
    RSA_KEY_TOO_SHORT = "rsa_key_too_short"  # bits, least
    WEAK_CURVE = "weak_curve"  # curve
    OTHER_KIND_OF_KEY = "other_kind_of_key"  # kind
    NO_SIGNING_CERTIFICATE = "no_signing_certificate"
    NO_USABLE_CERTIFICATE = "no_usable_certificate"  # because: a list
    TOO_MANY_CERTIFICATES = "too_many_certificates"  # most
    OTHER_USE_LEFT_OUT = "other_use_left_out"  # use
    KEY_WITHOUT_CERTIFICATE = "key_without_certificate"
    ISSUED_ONLY = "issued_only"  # below: the subject of the certificate that signs
    CERTIFICATE_LEFT_OUT = "certificate_left_out"  # subject, sha256, because
    UNREAD_CERTIFICATE_LEFT_OUT = "unread_certificate_left_out"  # because
    # times
    VALID_UNTIL_LEFT_OUT = "valid_until_left_out"  # stated
    CACHE_DURATION_LEFT_OUT = "cache_duration_left_out"  # stated
    NO_LONGER_VALID = "no_longer_valid"  # moment
    CERTIFICATES_EXPIRED = "certificates_expired"
    CERTIFICATES_NOT_YET_VALID = "certificates_not_yet_valid"  # moment
    # in place of the document in force
    ENTITY_ID_CHANGED = "entity_id_changed"
    SIGN_ON_HOST_CHANGED = "sign_on_host_changed"
    IN_FORCE_REFUSED = "in_force_refused"  # because
    SIGNER_UNKNOWN = "signer_unknown"  # because
    MORE_LEFT_OUT = "more_left_out"  # count
