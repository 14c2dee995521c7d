"""The files of deploy/ agree with each other, with the commands, and with pyproject.toml."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from packaging.requirements import Requirement

from affekt.cli import COMMANDS, main
from affekt.service.health import router
from affekt.service.settings import Settings
from affekt.web.launch import MAX_UPLOAD_BYTES

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
TARGETS = {"service": "serve", "page": "app"}
EXTRAS = {"service": ("service", "media"), "page": ("web", "media")}

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
CADDYFILE = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
BICEP = (DEPLOY / "azure.bicep").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/image.yml").read_text(encoding="utf-8"))
GUIDE = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")


def read_stages() -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of every stage of the Dockerfile; FROM is the first of each."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for instruction in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        if not instruction.strip():
            continue
        word, _, rest = instruction.partition(" ")
        if word == "FROM":
            current = found[rest.split(" AS ")[1]] = []
        current.append((word, rest.strip()))
    return found


STAGES = read_stages()


def own(target: str, word: str) -> str:
    [found] = [rest for name, rest in STAGES[target] if name == word]
    return found


def words(target: str, word: str) -> list[str]:
    """Return the words of an instruction that is a JSON list."""
    return [str(item) for item in yaml.safe_load(own(target, word))]


def health_check(target: str) -> list[str]:
    return [str(item) for item in yaml.safe_load(own(target, "HEALTHCHECK").partition("CMD")[2])]


def options(arguments: list[str]) -> dict[str, Any]:
    """Return what a command makes of its command line."""
    with click.Context(main) as context:
        command = main.get_command(context, arguments[0])
        assert command is not None
        return command.make_context(arguments[0], arguments[1:]).params


def azure_sites() -> dict[str, dict[str, str]]:
    block = BICEP[BICEP.index("var sites = [") : BICEP.index("var registrySettings")]
    sites = [
        dict(re.findall(r"^ {4}(\w+): '?(.*?)'?$", item, re.M)) for item in block.split("  }\n")
    ]
    return {site["suffix"]: site for site in sites if site}


def azure_parameters() -> dict[str, bool]:
    """Return name to whether it must be given."""
    found = re.findall(r"^param (\w+) \w+( = .*)?$", BICEP, re.M)
    return {name: not default for name, default in found}


@pytest.fixture
def without_ports(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("WEBSITES_PORT", raising=False)
    return monkeypatch


# --- Ports and health -------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_everybody_means_the_same_port(target: str, without_ports: pytest.MonkeyPatch) -> None:
    port = options(words(target, "CMD"))["port"]
    assert int(own(target, "EXPOSE")) == port
    assert f"or {port})" in health_check(target)[-1]
    assert int(COMPOSE["services"][target]["environment"]["PORT"]) == port
    assert f":{target}:{port}}}" in CADDYFILE
    assert int(azure_sites()[target]["port"]) == port
    matrix = WORKFLOW["jobs"]["image"]["strategy"]["matrix"]["include"]
    assert {item["target"]: item["port"] for item in matrix}[target] == port


@pytest.mark.parametrize("target", TARGETS)
def test_the_images_listen_where_the_host_says(
    target: str, without_ports: pytest.MonkeyPatch
) -> None:
    command = words(target, "CMD")
    assert command[0] == TARGETS[target]
    assert command[0] in COMMANDS
    without_ports.setenv("WEBSITES_PORT", "8181")
    assert options(command)["port"] == 8181
    without_ports.setenv("PORT", "8282")
    assert options(command) | {"port": 8282, "host": "0.0.0.0"} == options(command)  # noqa: S104


def test_no_image_names_a_port_that_would_win_over_the_hosts() -> None:
    settings = [rest for stage in STAGES.values() for word, rest in stage if word == "ENV"]
    assert not [text for text in settings if re.search(r"\b(WEBSITES_)?PORT=", text)]


@pytest.mark.parametrize("target", TARGETS)
def test_everybody_asks_for_health_at_the_same_place(target: str) -> None:
    path = azure_sites()[target]["healthPath"]
    assert f"127.0.0.1:%s{path}'" in health_check(target)[-1]
    assert f"health_uri {path}" in CADDYFILE
    assert f'"{path}"' in (DEPLOY / "check.py").read_text(encoding="utf-8")


def test_the_service_has_the_paths_that_are_named() -> None:
    paths = {getattr(route, "path", None) for route in router.routes}
    assert azure_sites()["service"]["healthPath"] in paths
    hidden = set(re.findall(r"^\trespond (\S+) 404", CADDYFILE, re.M))
    assert hidden - {"/_stcore/metrics"} == paths - {"/healthz"}


@pytest.fixture
def website() -> Iterator[tuple[int, dict[str, int]]]:
    """A web server of one's own: its port, and path to status."""
    statuses: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.get(self.path, 404))
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, statuses
        server.shutdown()


@pytest.mark.parametrize("variable", ["PORT", "WEBSITES_PORT"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_health_check_believes_the_answer(
    target: str, variable: str, website: tuple[int, dict[str, int]]
) -> None:
    port, statuses = website
    path = azure_sites()[target]["healthPath"]
    for status in (200, 503):
        statuses[path] = status
        assert run_check(target, {variable: str(port)}) == (status == 200)


def run_check(target: str, environment: Mapping[str, str]) -> bool:
    command = [sys.executable, *health_check(target)[1:]]
    clean = {name: value for name, value in os.environ.items() if not name.endswith("PORT")}
    done = subprocess.run(command, env=clean | environment, capture_output=True, check=False)
    return done.returncode == 0


# --- What the images are made of --------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_the_images_stand_on_the_bare_base(target: str) -> None:
    assert own(target, "FROM") == f"runtime AS {target}"
    assert own("runtime", "FROM") == "${BASE} AS runtime"
    copied = [rest for word, rest in STAGES[target] if word == "COPY"]
    assert {text.split()[-1] for text in copied} <= {"/opt/affekt", "/opt/browser"}
    assert own("runtime", "USER") == "10001:10001"
    later = [word for word, _ in STAGES[target]]
    assert "USER" not in later
    assert "RUN" not in later
    assert words("runtime", "ENTRYPOINT") == ["affekt"]


def test_the_base_comes_first_so_that_another_can_be_named() -> None:
    first = next(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    assert re.fullmatch(r"ARG BASE=python:3\.\d+-slim\S*", first)
    named = set(STAGES) | {"${BASE}"}
    assert all(rest.split()[0] in named for stage in STAGES.values() for _, rest in stage[:1])


def test_whatever_is_fetched_is_held_against_a_checksum() -> None:
    installs = [
        part
        for stage in STAGES.values()
        for word, rest in stage
        if word == "RUN"
        for part in re.split(r"&&|;", rest)
        if re.search(r"pip\b.* (install|wheel) ", part)
    ]
    assert len(installs) == 6
    for command in installs:
        assert "--no-index" in command or {"--require-hashes", ":all:"} <= set(command.split())


@pytest.mark.parametrize("target", [*TARGETS, "build"])
def test_every_requirement_is_pinned(target: str) -> None:
    text = (DEPLOY / f"requirements-{target}.txt").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.M)).splitlines()
    pinned: dict[str, list[str]] = {}
    for line in lines:
        requirement = Requirement(line.partition(" --hash")[0])
        assert "--hash=sha256:" in line
        [specifier] = requirement.specifier
        assert specifier.operator == "=="
        pinned.setdefault(requirement.name, []).append(specifier.version)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if target == "build":
        wanted = project["build-system"]["requires"]
        assert (DEPLOY / "requirements-build.in").read_text(encoding="utf-8").split() == wanted
    else:
        extras = project["project"]["optional-dependencies"]
        wanted = project["project"]["dependencies"] + [
            item for extra in EXTRAS[target] for item in extras[extra]
        ]
    for item in map(Requirement, wanted):
        versions = pinned.get(item.name, [])
        assert versions, f"deploy/lock.sh was not run: {item.name} is missing"
        assert all(version in item.specifier for version in versions), "run deploy/lock.sh"


def test_the_list_of_packages_is_what_the_images_install() -> None:
    lines = (DEPLOY / "packages.txt").read_text(encoding="utf-8").splitlines()
    packages = dict(line.split()[:2] for line in lines if not line.startswith("#"))
    assert set(packages.values()) == {"base", "live"}  # nothing on top of the base image
    assert not re.search(r"\b(apt|apt-get|dpkg|apk)\b", DOCKERFILE)
    assert [name for name, where in packages.items() if where == "live"] == ["libportaudio2"]


def test_the_context_holds_what_is_copied() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    for stage in STAGES.values():
        for word, rest in stage:
            if word == "COPY" and not rest.startswith("--from"):
                for source in rest.split()[:-1]:
                    assert (ROOT / source).exists()
                    pattern = re.sub(r"requirements-\w+", "requirements-*", source)
                    assert f"!{pattern}" in ignored


# --- Compose and the proxy --------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_nothing_has_more_rights_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ("ports" in service) == (name == "proxy")
    if name in TARGETS:
        assert service["build"]["target"] == name
        assert service["networks"] == ["inside"]
        assert service["volumes"] == ["models:/models:ro"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_models_lie_where_the_volume_is() -> None:
    assert "AFFEKT_MODELS=/models" in own("runtime", "ENV")
    assert COMPOSE["services"]["models"]["volumes"] == ["models:/models"]


def test_there_is_room_for_the_uploads_that_are_let_in() -> None:
    settings = Settings()
    [mount] = COMPOSE["services"]["service"]["tmpfs"]
    match = re.search(r"^/tmp:size=(\d+)g", mount)
    assert match is not None
    room = int(match[1]) * 2**30
    assert room >= settings.max_large * settings.max_upload_bytes
    assert int(COMPOSE["services"]["service"]["mem_limit"].rstrip("g")) * 2**30 > room


def test_the_proxy_lets_through_what_is_allowed_and_leaves_the_refusal_to_the_service() -> None:
    match = re.search(r"max_size (\d+)MiB", CADDYFILE)
    assert match is not None
    most = int(match[1]) * 2**20
    assert most >= max(Settings().max_upload_bytes, MAX_UPLOAD_BYTES) + 2 * 2**20
    assert most <= 220 * 2**20


def test_who_waits_for_the_service_is_more_patient_than_the_service(
    without_ports: pytest.MonkeyPatch,
) -> None:
    match = re.search(r"response_header_timeout (\d+)s", CADDYFILE)
    assert match is not None
    assert int(match[1]) > Settings().timeout_s
    grace = options(words("service", "CMD"))["grace"]
    assert int(COMPOSE["services"]["service"]["stop_grace_period"].rstrip("s")) > grace


# --- Azure ------------------------------------------------------------------------------------


def test_azure_serves_https_alone_and_asks_for_health() -> None:
    for setting in ("httpsOnly: true", "alwaysOn: true", "webSocketsEnabled: true"):
        assert setting in BICEP
    assert "minTlsVersion: '1.2'" in BICEP
    assert "healthCheckPath: site.healthPath" in BICEP
    for variable in ("PORT", "WEBSITES_PORT"):
        assert f"{{ name: '{variable}', value: string(site.port) }}" in BICEP


def test_azure_starts_the_commands_of_the_images(without_ports: pytest.MonkeyPatch) -> None:
    within_s = re.search(r"^var answerWithinS = (\d+)$", BICEP, re.M)
    assert within_s is not None
    for target, site in azure_sites().items():
        command = shlex.split(site["command"].replace("${answerWithinS}", within_s[1]))
        assert command[: len(words(target, "CMD"))] == words(target, "CMD")
        if target == "service":
            assert options(command)["timeout_s"] < 230  # then the platform hangs up


def test_every_parameter_of_azure_is_used_and_secrets_are_marked() -> None:
    for name in azure_parameters():
        assert len(re.findall(rf"\b{name}\b", BICEP)) > 1
        secret = re.search(rf"@secure\(\)\nparam {name} ", BICEP) is not None
        assert secret == (name in {"apiKeys", "registryPassword"})


def test_the_guide_gives_azure_what_it_needs_and_nothing_else() -> None:
    blocks = [block for block in re.findall(r"```console\n(.*?)```", GUIDE, re.S) if "az " in block]
    named = {
        name
        for block in blocks
        for command in re.findall(r"az deployment group .*?(?=\n\$|\Z)", block, re.S)
        for name in re.findall(r"\b([a-z]\w*)=", command)
    }
    parameters = azure_parameters()
    assert named <= set(parameters)
    assert {name for name, needed in parameters.items() if needed} <= named


# --- The workflow and the scripts -------------------------------------------------------------


def test_the_workflow_builds_every_image_and_pins_the_actions_of_others() -> None:
    job = WORKFLOW["jobs"]["image"]
    assert {item["target"] for item in job["strategy"]["matrix"]["include"]} == set(TARGETS)
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    assert WORKFLOW["permissions"] == {}


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)
