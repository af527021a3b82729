"""How far the site is set up: the steps of the help page, as the overview page shows them."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gatekeeper.api.access import MayConfigure
from gatekeeper.api.serializers import SetupSerializer
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.setup_steps import setup_steps


class Setup(APIView):
    """The steps of setting up, in their order."""

    permission_classes = (MayConfigure,)

    @extend_schema(responses=SetupSerializer, operation_id="setup")
    def get(self, request: Request) -> Response:
        """Each step with whether it is done, and what is or has to be done."""
        steps = setup_steps(site_facts_of(request))
        return Response(
            {
                "done": sum(step.done for step in steps),
                "total": len(steps),
                "next": next((step.key for step in steps if not step.done), None),
                "steps": [step.as_document() for step in steps],
            }
        )
