"""What is in ``deploy/`` fits its schemas, the settings and the metrics."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.support.processes import BASE
from toolbox.health.middleware import WATCHED
from toolbox.metrics import METRICS
from toolbox.settings.environment import variables

DEPLOY = BASE / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
#: Variables of the servers and programs beside the platform.
FOREIGN = {
    "BASE", "PATH", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "REDISCLI_AUTH",
    "VALKEY_PASSWORD", "TOOLBOX_HOST", "TOOLBOX_IMAGE_TAG", "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_CACHE_DIR",
    "WEB_CONCURRENCY", "WEB_THREADS",
}  # fmt: skip
#: Gauges, with their labels: ``tests/toolbox/test_metrics.py`` holds them to what is measured.
GAUGES: dict[str, set[str]] = {
    "toolbox_dependency_up": {"dependency"},
    "toolbox_dependency_check_seconds": {"dependency"},
    "toolbox_jobs": {"state"},
    "toolbox_toolkits": {"enabled"},
    "toolbox_scheduler_up": set(),
    "toolbox_queue_depth": {"queue"},
    "toolbox_queue_running": {"queue"},
    "toolbox_queue_workers": {"queue"},
    "toolbox_queue_oldest_seconds": {"queue"},
    "toolbox_card_age_seconds": {"toolkit", "card"},
    "toolbox_build_info": {"version"},
    "toolbox_audit_unsealed_seconds": set(),
    "toolbox_audit_problems": set(),
    "toolbox_audit_forward_behind": {"place"},
}


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def objects() -> list[dict]:
    return [
        document
        for path in KUBERNETES
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text())
    ]


def test_the_compose_file_fits_the_compose_specification():
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec",
         str(DEPLOY / "compose.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_waits_for_what_it_needs_and_runs_without_privilege():
    services = compose()["services"]
    own = {name: s for name, s in services.items() if str(s.get("image", "")).startswith("sre-")}

    assert {"web", "worker", "worker-interactive", "scheduler", "init"} <= set(own)
    for name, service in own.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
    for name in ("web", "worker", "worker-interactive", "scheduler"):
        assert own[name]["depends_on"]["init"]["condition"] == "service_completed_successfully"
    for service in services.values():
        for wanted in service.get("depends_on", {}):
            assert wanted in services


def named(document: dict) -> str:
    return f"{document['kind']}-{document['metadata']['name']}"


@pytest.mark.parametrize("document", objects(), ids=named)
def test_every_kubernetes_object_fits_its_schema(document):
    kubernetes_validate.validate(document, "1.30", strict=True)


def test_every_kubernetes_file_is_listed_and_every_listed_file_is_there():
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"]

    assert sorted(listed) == [p.name for p in KUBERNETES if p.name != "kustomization.yaml"]


def test_every_pod_is_restricted():
    for document in objects():
        if document["kind"] not in ("Deployment", "Job"):
            continue
        pod = document["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"], document["metadata"]["name"]
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}


def named_in_deploy() -> set[str]:
    found: set[str] = set()
    for service in compose()["services"].values():
        found |= set(service.get("environment", {}))
    found |= set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    for document in objects():
        if document["kind"] == "ConfigMap":
            found |= set(document["data"])
    for path in [DEPLOY / "Dockerfile", *(DEPLOY / "systemd").glob("*.service")]:
        found |= set(re.findall(r"\b([A-Z][A-Z_]{3,})=", path.read_text()))
    example = (DEPLOY / "compose.env.example").read_text()
    return found | set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_every_variable_that_deployments_set_is_known_to_the_settings():
    assert named_in_deploy() - set(variables) - FOREIGN == set()


def test_every_setting_can_be_given_to_every_deployment():
    """Each has a place for settings that the files here do not set: all are in .env.example."""
    example = (BASE / ".env.example").read_text()
    assert set(variables) <= set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    for name, service in compose()["services"].items():
        if str(service.get("image", "")).startswith("sre-"):
            assert service["env_file"] == [{"path": "settings.env", "required": False}], name
    for document in objects():
        if document["kind"] in ("Deployment", "Job"):
            (container,) = document["spec"]["template"]["spec"]["containers"]
            given = [next(iter(one)) for one in container["envFrom"]]
            assert given == ["configMapRef", "secretRef"]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        assert "EnvironmentFile=/etc/sre-toolbox/environment" in unit.read_text()


def test_no_file_of_secrets_gets_into_the_repository_or_the_image():
    for name in (".gitignore", ".dockerignore"):
        ignored = (BASE / name).read_text().split()
        assert {"deploy/*.env", ".env"} <= set(ignored), name


def test_what_compose_asks_for_is_in_its_example():
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (DEPLOY / "compose.yaml").read_text()))
    example = (DEPLOY / "compose.env.example").read_text()

    assert asked <= set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def measured() -> dict[str, set[str]]:
    """The labels of every series, by its name."""
    found = dict(GAUGES)
    for name, metric in METRICS.items():
        if metric.buckets:
            found[f"{name}_bucket"] = {*metric.labels, "le"}
            found |= {f"{name}_sum": set(metric.labels), f"{name}_count": set(metric.labels)}
        else:
            found[f"{name}_total"] = set(metric.labels)
    return found


def shown() -> list[tuple[str, str]]:
    """Each expression of alerts and panels, with the texts that name its labels."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())
    dashboard = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    return [
        *(
            (rule["expr"], " ".join(rule["annotations"].values()))
            for group in rules["groups"]
            for rule in group["rules"]
        ),
        *(
            (target["expr"], target["legendFormat"])
            for panel in dashboard["panels"]
            for target in panel["targets"]
        ),
    ]


def expressions() -> list[str]:
    return [text for text, _ in shown()]


def test_every_metric_that_alerts_and_panels_name_is_measured():
    named = {name for text in expressions() for name in re.findall(r"toolbox_[a-z_]+", text)}

    assert named - set(measured()) == set()


@pytest.mark.parametrize(("text", "told"), shown())
def test_every_label_that_an_expression_names_is_one_of_its_metrics(text, told):
    labels = measured()
    names = re.findall(r"toolbox_[a-z_]+", text)
    known = set().union(*(labels[name] for name in names))

    for name, given in re.findall(r"(toolbox_[a-z_]+)\{([^}]*)\}", text):
        assert set(re.findall(r"(\w+)=", given)) <= labels[name]
    kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", text))))
    assert kept <= known
    used = re.findall(r"\{\{ ?(?:\$labels\.)?(\w+)", told.replace("{{ $value", ""))
    assert set(used) <= kept


@pytest.mark.parametrize("text", expressions())
def test_an_expression_counts_once_what_each_web_process_tells(text):
    """Every one of them tells of the whole platform, so sums over what is scraped are wrong."""
    highest = re.compile(r"(max|min|absent)( by \([^)]*\))? ?\((rate\(|increase\()?$")
    for found in re.finditer(r"toolbox_[a-z_]+", text):
        assert highest.search(text[: found.start()]), f"{found[0]} in {text}"


def test_workers_scale_by_a_metric_that_the_adapter_gives():
    adapter = yaml.safe_load((DEPLOY / "prometheus" / "adapter.yaml").read_text())
    given = {rule["name"]["as"] for rule in adapter["externalRules"]}
    pools: dict[str, set[str]] = {}
    for document in objects():
        for metric in document["spec"].get("metrics", []) if named(document)[:4] == "Hori" else []:
            if metric["type"] == "External":
                asked = metric["external"]["metric"]
                assert asked["name"] in given & set(GAUGES)
                assert set(asked["selector"]["matchLabels"]) <= GAUGES[asked["name"]]
                queue = asked["selector"]["matchLabels"]["queue"]
                pools.setdefault(document["spec"]["scaleTargetRef"]["name"], set()).add(queue)
    run = {d["metadata"]["name"]: d for d in objects() if d["kind"] == "Deployment"}

    assert set(pools) == {"worker", "worker-interactive"}
    for name, queues in pools.items():
        assert queues == set(run[name]["spec"]["template"]["spec"]["containers"][0]["args"][3:])
    for name in (*pools, "web"):
        assert "replicas" not in run[name]["spec"], name


def test_every_program_is_watched():
    for document in objects():
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            probes = [container["startupProbe"], container["livenessProbe"]]
            for probe in [*probes, *filter(None, [container.get("readinessProbe")])]:
                path = probe["httpGet"]["path"] if "httpGet" in probe else ""
                assert path in WATCHED or "/tmp/alive" in " ".join(probe["exec"]["command"])
    services = compose()["services"]
    for name in ("worker", "worker-interactive", "scheduler"):
        assert services[name]["environment"]["TOOLBOX_ALIVE_FILE"] in str(
            services[name]["healthcheck"]["test"]
        )
    (image,) = re.findall(r"http://127.0.0.1:8000(/\w+)", (DEPLOY / "Dockerfile").read_text())
    assert image in WATCHED


def test_every_expression_has_its_brackets():
    for text in expressions():
        for opening, closing in ("()", "[]", "{}"):
            assert text.count(opening) == text.count(closing), text


def test_the_image_runs_as_nobody_special_and_pins_what_it_installs():
    lines = (DEPLOY / "Dockerfile").read_text()

    assert re.search(r"^USER 10001:10001$", lines, re.MULTILINE)
    assert "ARG BASE=" in lines
    assert "--require-hashes" in lines
    assert "HEALTHCHECK" in lines
    assert lines.count("\nFROM ") == 2
    assert not re.search(r"^ADD ", lines, re.MULTILINE)


def test_the_dockerfile_passes_its_linter():
    linter = Path(sys.executable).parent / "hadolint"
    found = subprocess.run(
        [linter, "--no-color", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_every_unit_is_hardened_and_starts_what_exists():
    units = list((DEPLOY / "systemd").glob("*.service"))

    assert len(units) == 5
    for unit in units:
        text = unit.read_text()
        assert "NoNewPrivileges=yes" in text
        assert "ProtectSystem=strict" in text
        programs = r"ExecStart=/opt/sre-toolbox/.venv/bin/(gunicorn toolbox.wsgi|python manage)"
        assert re.search(programs, text)
        if "migrate" not in unit.name:
            assert re.search(r"^After=.* sre-toolbox-migrate.service$", text, re.MULTILINE)
            assert re.search(r"^Wants=.* sre-toolbox-migrate.service$", text, re.MULTILINE)
