"""Claims of the documents that a script can check: `generate_docs.py --check` fails on a false one.

A sentence with a word that leaves no room, such as "never heard" or "every reading", needs an entry
in `CLAIMS`: what it says is then checked each time. Numbers that stand in prose have theirs in
`NUMBERS`, and a model is named by the version that ships.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from functools import cache

from affekt.cli import main as command_line
from affekt.corpora import collection_of
from affekt.evaluation.compare import references
from affekt.protocols import lockbox_speakers, selection_speakers
from affekt.published import SYSTEMS, claims_of, load_system
from affekt.recognition import Bundle, shipped_bundles
from doc_tables import LOG, ROOT, read_log, releases

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/models/*.md", "examples/*.md")
# Each leaves a row in the log where speakers of the lockbox are under test.
_LOGGING = ("evaluate", "compare", "doubt", "report", "reproduce")
# Runs whose split, drawn again, tests no speaker of the lockbox.
_ON_OTHERS = {("mittal-cnn2d", "speaker-disjoint")}
_ABSOLUTE = re.compile(
    r"\b(every|all) (\w+ )?(looks?|readings?)\b|\b(every|all) figures? (\w+ )?(is|are|was|were)\b"
    r"|\bnever (heard|saw|seen|met|removed)\b"
    r"|\bever (heard|saw|sees)\b|\bno training run\b|\bis ever removed\b",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\b(default|open)`? (\d+\.\d+)\b")
# The log's own table names what was read when.
_HISTORY = re.compile(r"<!-- generated: readings -->.*?<!-- end of readings -->", re.DOTALL)
_WORDS = (
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
)

Check = Callable[[], str]


@cache
def shipped() -> dict[str, Bundle]:
    """Return the models that ship, by name."""
    return {name: Bundle.load(path) for name, path in shipped_bundles().items()}


def unheard() -> str:
    """Say which lockbox speaker a shipped model was trained, calibrated or chosen on."""
    chosen_on = selection_speakers("select") | selection_speakers("calibrate")
    if chosen_on & lockbox_speakers():
        return "a lockbox speaker stands among those for choices"
    for name, bundle in shipped().items():
        metadata = bundle.metadata
        learnt = {collection_of(str(item["corpus"])) for item in metadata.training_data}
        spared = {
            (collection_of(corpus), str(speaker))
            for corpus, speakers in metadata.held_out.items()
            for speaker in speakers
        }
        for corpus, speaker in sorted(lockbox_speakers()):
            key = collection_of(corpus), speaker
            if key[0] in learnt and key not in spared:
                return f"{name} does not name {corpus} {speaker} among those it was not trained on"
        if _measured_on(metadata.title) != bundle.sha256:
            return f"the log has no reading of the {name} that ships"
    return ""


def never_met() -> str:
    """Say what else `open` learnt from than CREMA-D and EmoDB."""
    learnt = {str(item["corpus"]) for item in shipped()["open"].metadata.training_data}
    return "" if learnt == {"cremad", "emodb"} else f"open learnt from {', '.join(sorted(learnt))}"


def listed() -> str:
    """Say what the page leaves out of the log, or the log of the figures that others measured."""
    log = read_log()
    if f"{len(log)} readings are in the log" not in _page():
        return f"the log has {len(log)} rows, and docs/evaluation.md another number"
    known = {(row["origin"], name, value) for row in log for name, value in row.items()}
    for item in references():
        if item.source != "measured by this project":
            continue
        figure = f"{100 * item.figures['ua']:.1f}"
        if ("reference", f"ua_{item.corpus}", figure) not in known:
            return f"{item.system} on {item.corpus} ({figure}) is in no row of the log"
    for place in sorted((ROOT / "docs/reproductions").glob("*/*.json")):
        record = json.loads(place.read_text(encoding="utf-8"))
        # The first records did not say whom they tested: each is taken for a reading.
        read = record.get("test_speakers_of_the_lockbox", True)
        read = read and (record["name"], record["protocol"]) not in _ON_OTHERS
        if read and not _has_run(log, record):
            return f"{place.name} of {record['name']} is in no row of the log"
    relevance = json.loads((ROOT / "docs/relevance/lockbox.json").read_text(encoding="utf-8"))
    if not any(
        (row["protocol"], row["bundle_sha256"])
        == ("lockbox, relevance", relevance["bundle_sha256"])
        for row in log
    ):
        return "the relevance on the lockbox is in no row of the log"
    return ""


def current() -> str:
    """Say which measurement in the documents is of another file than the one that ships."""
    for part in ("lockbox", "select"):
        place = ROOT / "docs" / "relevance" / f"{part}.json"
        measured = json.loads(place.read_text(encoding="utf-8"))["bundle_sha256"]
        if measured != shipped()["default"].sha256:
            return f"{place.name} of the relevance is not of the default that ships"
    return ""


def _page() -> str:
    return (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")


def _has_run(log: list[dict[str, str]], record: Mapping[str, object]) -> bool:
    run = (f"reproduce: {record['protocol']}", f"{record['name']}, seed {record['seed']}")
    return any((row["protocol"], row["bundle"]) == run for row in log)


def logged() -> str:
    """Say which command or benchmark measures lockbox speakers and keeps no log."""
    for name in _LOGGING:
        command = command_line.get_command(None, name)  # type: ignore[arg-type]
        if command is None or "log" not in {item.name for item in command.params}:
            return f"affekt {name} has no --log"
    for place in sorted((ROOT / "benchmarks").glob("*.py")):
        text = place.read_text(encoding="utf-8")
        if "metrics" in text and "load_corpus" in text and "log_reading" not in text:
            return f"benchmarks/{place.name} measures corpora and logs nothing"
    return ""


def kept() -> str:
    """Say which row of the log some commit had and the file has no more; "" without a history."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""

    def ask(*words: str) -> str:
        done = subprocess.run(  # noqa: S603  fixed arguments, no shell
            [git, "-C", str(ROOT), *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    place = LOG.relative_to(ROOT).as_posix()
    present = [set(row.items()) for row in read_log()]
    for commit in ask("log", "--format=%H", "--", place).split():
        for row in csv.DictReader(io.StringIO(ask("show", f"{commit}:{place}"))):
            if not any(set(row.items()) <= now for now in present):
                return f"{commit[:10]} has a row of {row['date']} that is gone: {row['bundle']}"
    return ""


def true() -> str:
    """Let a sentence pass that is a rule or a definition, and no claim about what was done."""
    return ""


# What a sentence holds, and what must then be so.
CLAIMS: tuple[tuple[str, Check], ...] = (
    ("figures of its own models were measured on people whom these never heard", unheard),
    ("whom no training run of a shipped model ever heard", unheard),
    ("of the shipped default model on speakers it never heard", unheard),
    ("neither training nor any choice on the way to the model ever saw", unheard),
    ("no training run of a shipped model, and no choice made on the way to it, ever", unheard),
    ("on speakers whom their training never heard", unheard),
    ("Speakers it never heard", unheard),
    ("Speakers that neither training nor any choice ever saw", unheard),
    ("corpora it never met", never_met),
    ("every logged reading", listed),
    ("Every command and benchmark that measures anything on these speakers logs it", logged),
    ("Rows are never removed", kept),
    ("no row is ever removed", kept),
    ("is measured on people the models never heard", unheard),
    ("of the lockbox clips (95 % interval by speaker", current),
)


def numbers() -> dict[str, dict[str, int]]:
    """Return phrases with a number word in place of {}, and what the number must be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = {claims_of(load_system(name)).text.partition(",")[0] for name in SYSTEMS}
    core = {"numpy", "soundfile", "soxr", "onnxruntime"}
    others = {re.split(r"[><=]", item)[0] for item in project["dependencies"]} - core
    return {
        "README.md": {
            "Out comes one of {} emotions": len(shipped()["default"].metadata.labels),
            "Affekt rebuilds {} published recognisers": len(SYSTEMS),
        },
        "docs/index.md": {
            "and one of {} emotions comes out": len(shipped()["default"].metadata.labels),
            "onnxruntime and {} libraries for the command line": len(others),
        },
        "docs/reproductions.md": {
            "{} texts describe": len(texts),
            "describe {} speech emotion recognisers": len(SYSTEMS),
        },
        "docs/models/index.md": {
            "{} models come with every installation": len(shipped()),
        },
    }


def false_claims(texts: Mapping[str, str]) -> list[str]:
    """Return what is not so in some documents, a line each.

    Args:
        texts: place to content.
    """
    found: list[str] = []
    results: dict[Check, str] = {}
    ships = {name: bundle.metadata.version for name, bundle in shipped().items()}
    wanted = numbers()
    for place, text in texts.items():
        text = _HISTORY.sub("", text)
        named = [] if place == "docs/log.md" else _VERSION.findall(text)  # which tells of old ones
        found += [
            f"{place}: names {name} {version}, and {ships[name]} ships"
            for name, version in named
            if name in ships and version != ships[name]
        ]
        for sentence in _sentences(text):
            if not _ABSOLUTE.search(sentence) and not any(words in sentence for words, _ in CLAIMS):
                continue
            checks = [check for words, check in CLAIMS if words.lower() in sentence.lower()]
            if not checks:
                found.append(f"{place}: nothing in scripts/claims.py checks: {sentence}")
            for check in checks:
                if check not in results:
                    results[check] = check()
                if results[check]:
                    found.append(f"{place}: {results[check]}, and yet: {sentence}")
        prose = " ".join(text.split())
        for phrase, number in wanted.get(place, {}).items():
            said = phrase.format(_WORDS[number])
            if said.lower() not in prose.lower():
                found.append(f"{place}: should say '{said}'")
    return found


def documents() -> dict[str, str]:
    """Return the documents whose claims are checked, by place."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for pattern in DOCUMENTS
        for path in sorted(ROOT.glob(pattern))
    }


def _sentences(text: str) -> list[str]:
    """Return the sentences of the prose: what stands in code and in tables is no prose."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return [item for part in paragraphs for item in re.split(r"(?<=[.!?:])\s+", part) if item]


def _measured_on(title: str) -> str:
    rows = [row for row in releases() if row["bundle"] == title]
    return rows[-1]["bundle_sha256"] if rows else ""
