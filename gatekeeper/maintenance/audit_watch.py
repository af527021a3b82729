"""Whether the audit trail is what was written: verified once a day, and said when it is not.

It stands here, since the trail itself stands below the events.
"""

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.verification import Verdict
from gatekeeper.audit.chain.verification_runs import record_verification, verify_and_keep
from gatekeeper.audit.models import VerificationRun
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.transactions import one_transaction


def watch_audit_trail(*, actor: Actor) -> Verdict:
    """Verify the whole trail, and announce damage each time that there is some: it is one cause until it is over.

    A trail that is intact gets no entry, so that a quiet site's holds what people did. Cost: reads every entry once.
    """
    run = VerificationRun.objects.create()
    verdict = verify_and_keep(run)
    if not verdict.intact:
        _announce(run, verdict, actor)
    return verdict


@one_transaction()
def _announce(run: VerificationRun, verdict: Verdict, actor: Actor) -> None:
    record_verification(run, verdict, actor=actor)
    data = {
        "problems": len(verdict.problems),
        "problem": verdict.problems[0].document,
        "checked": verdict.checked,
        "head": run.head_text,
    }
    emit(EventCode.AUDIT_TRAIL_DAMAGED, actor=actor, kind="site", object_id="audit_trail", data=data)
