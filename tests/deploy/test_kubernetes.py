"""The kustomize base, built as a site would: valid by Kubernetes's schemas, shut in, drained before it ends."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from scim.protocol.limits import MAX_BODY
from tests.deploy.programs import DEPLOY, program

VERSIONS = ("1.30", "1.37")
WORKLOADS = {"Deployment", "StatefulSet", "Job"}


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What ``kubectl apply --kustomize`` would send for the example with secrets of its own."""
    folder = tmp_path_factory.mktemp("kubernetes")
    shutil.copytree(DEPLOY / "kubernetes", folder, dirs_exist_ok=True)
    shutil.copy(folder / "example" / "secrets.env.example", folder / "example" / "secrets.env")
    built = subprocess.run(
        [program("kubectl"), "kustomize", str(folder / "example")], capture_output=True, text=True, check=True
    )
    return [*yaml.safe_load_all(built.stdout)]


def named(resources: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    return next(each for each in resources if each["kind"] == kind and each["metadata"]["name"] == name)


def pods(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pod of each process, by the process."""
    found = [each["spec"]["template"]["spec"] for each in resources if each["kind"] in WORKLOADS]
    return {pod["containers"][0]["name"]: pod for pod in found}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_resource_is_one_that_kubernetes_takes(resources: list[dict[str, Any]], version: str):
    for each in resources:
        kubernetes_validate.validate(each, version, strict=True)


def test_each_process_has_a_pod_that_may_write_to_its_volumes_only(resources: list[dict[str, Any]]):
    found = pods(resources)

    assert set(found) == {"web", "worker", "beat", "migrate"}
    for process, pod in found.items():
        (container,) = pod["containers"]
        assert container["args"] == [process]
        assert container["image"].startswith("registry.example.com/gatekeeper:")
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
        assert pod["automountServiceAccountToken"] is False
        assert {each["mountPath"] for each in container["volumeMounts"]} == {"/data", "/tmp"}
        assert set(container["resources"]) == {"requests", "limits"}


def test_web_is_asked_as_its_health_is_meant_and_ends_in_time(resources: list[dict[str, Any]]):
    pod = pods(resources)["web"]
    (web,) = pod["containers"]
    pause = int(web["lifecycle"]["preStop"]["exec"]["command"][1])

    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert pause >= web["readinessProbe"]["periodSeconds"]
    assert pod["terminationGracePeriodSeconds"] > pause + 20


def test_there_is_exactly_one_beat_and_always_a_web_server(resources: list[dict[str, Any]]):
    beat = named(resources, "StatefulSet", "gatekeeper-beat")
    web = named(resources, "Deployment", "gatekeeper-web")
    budget = named(resources, "PodDisruptionBudget", "gatekeeper-web")

    assert beat["spec"]["replicas"] == 1
    assert web["spec"]["replicas"] > budget["spec"]["minAvailable"] >= 1
    assert web["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert budget["spec"]["selector"] == web["spec"]["selector"]


def test_what_is_selected_exists(resources: list[dict[str, Any]]):
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in resources if each["kind"] in WORKLOADS]
    selectors = [each["spec"]["selector"] for each in resources if each["kind"] == "Service"]
    policies = [each["spec"]["podSelector"] for each in resources if each["kind"] == "NetworkPolicy"]
    selectors += [each.get("matchLabels", {}) for each in policies]

    assert [each for each in selectors if not any(each.items() <= label.items() for label in labels)] == []
    for policy in policies:
        for expression in policy.get("matchExpressions", []):
            assert set(expression["values"]) <= {label[expression["key"]] for label in labels}


def test_the_ingress_lets_through_what_the_site_takes(resources: list[dict[str, Any]]):
    said = named(resources, "Ingress", "gatekeeper")["metadata"]["annotations"]
    prefix = "nginx.ingress.kubernetes.io/"

    assert said[f"{prefix}proxy-body-size"] == f"{MAX_BODY // 1024**2}m"
    assert said[f"{prefix}proxy-request-buffering"] == "on"


def test_no_secret_is_part_of_it():
    secrets = (DEPLOY / "kubernetes" / "example" / "secrets.env.example").read_text().split()

    assert [line for line in secrets if not line.endswith("=")] == []
    assert "kind: Secret" not in "".join(path.read_text() for path in Path(DEPLOY / "kubernetes").rglob("*.yaml"))
