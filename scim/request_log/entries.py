"""Entries of SCIM requests in the provisioning log: of each that changed something, was refused or failed."""

import logging
from collections.abc import Sequence
from time import perf_counter

from gatekeeper.audit.log import ProvisioningRecord, record_all_provisioning, record_provisioning
from gatekeeper.audit.models import Outcome
from gatekeeper.audit.request_counts import Counted, count
from gatekeeper.directory.deprovisioning_limits.limits import alert_held
from gatekeeper.directory.deprovisioning_limits.privilege_gains import alert_held_gain
from gatekeeper.errors import HeldForApproval, PrivilegeHeld
from scim.http.errors import AddressNotAllowed, TooManyRequests
from scim.http.request_context import ScimRequestContext, ScimResponse
from scim.request_log.ignored_only import listed_names
from scim.request_log.refused_early import early_refusals
from scim.request_log.unauthenticated import listing_limit

logger = logging.getLogger(__name__)

_UNSUCCESSFUL = frozenset({Outcome.REFUSED, Outcome.FAILED})


def record_change(context: ScimRequestContext, response: ScimResponse) -> None:
    """Log a change, in its transaction. A write that changed nothing is no entry: Entra repeats itself a lot.

    Unless it names something that was ignored, and that no entry of the last hour names.
    """
    if context.changed:
        record_provisioning(provisioning_record(context, response, Outcome.CHANGED))
    elif context.credential is not None and listed_names.has_new(context.credential.id, context.ignored):
        record_provisioning(provisioning_record(context, response, Outcome.UNCHANGED))


def record_changes(contexts: Sequence[ScimRequestContext], response: ScimResponse) -> None:
    """Log several changes with the same response, with one statement."""
    record_all_provisioning([provisioning_record(context, response, Outcome.CHANGED) for context in contexts])


def record_read(context: ScimRequestContext, response: ScimResponse) -> None:
    """Count a read that succeeded; list it only while an administrator traces reads."""
    if context.credential is None:
        return
    count(Counted.READ, context.credential.id)
    if context.credential.is_traced:
        record_provisioning(provisioning_record(context, response, Outcome.READ))


def record_refusal(context: ScimRequestContext, response: ScimResponse, error: Exception) -> None:
    """Log a refusal or failure, after the rollback of its transaction. Raises nothing: the response stays as it is."""
    outcome = Outcome.FAILED if response.status >= 500 else Outcome.REFUSED
    try:
        if not _is_listed(context, error):
            return
        record_provisioning(provisioning_record(context, response, outcome))
        if isinstance(error, PrivilegeHeld):
            alert_held_gain(error, actor=context.actor)
        elif isinstance(error, HeldForApproval):
            alert_held(error, actor=context.actor)
    except Exception:  # the client still has to get the response that it was refused with
        logger.exception("A refused request could not be put into the provisioning log")


def _is_listed(context: ScimRequestContext, error: Exception) -> bool:
    """Whoever has no credential, or sends far too much with one, can't fill the log."""
    if context.credential is None:
        return listing_limit.take_place()
    if isinstance(error, TooManyRequests | AddressNotAllowed):
        return early_refusals.take_place(context.credential.id, error.reason)
    return True


def provisioning_record(context: ScimRequestContext, response: ScimResponse, outcome: Outcome) -> ProvisioningRecord:
    """What the log keeps of a request."""
    request = context.request
    return ProvisioningRecord(
        request_id=context.request_id,
        method=context.method,
        path=context.path,
        query=request.META.get("QUERY_STRING", ""),
        status=int(response.status),
        milliseconds=round((perf_counter() - context.started) * 1000),
        outcome=outcome,
        key_id=str(context.credential.id) if context.credential else "",
        key_name=context.credential.name if context.credential else "",
        user_id=context.user_id,
        user_label=context.user_label,
        group_id=context.group_id,
        group_label=context.group_label,
        detail=str((response.document or {}).get("detail", "")) if outcome in _UNSUCCESSFUL else "",
        reason=response.reason if outcome in _UNSUCCESSFUL else "",
        parameters=dict(response.parameters) or None,
        request=context.body,
        answer=response.document,
        changed=list(context.changed) or None,
        ignored=sorted(set(context.ignored)),
        warnings=list(context.warnings) or None,
    )
