"""What the documents say is so: commands exist, links resolve, figures are those of what ships."""

from __future__ import annotations

import csv
import importlib
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path

import click
import pytest
from PIL import Image

import affekt
from affekt.cli import COMMANDS, main
from affekt.corpora import CORPORA, collection_of
from affekt.evaluation.card.stored import read_card
from affekt.evaluation.card.warnings import warnings_of
from affekt.evaluation.overlap.speakers import training_speakers_among
from affekt.evaluation.people.differences import MIN_SPEAKERS, verdict_of
from affekt.metrics import largest_difference
from affekt.protocols import protocol
from affekt.recognition import Bundle, shipped_bundles
from affekt.records import Utterance

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "scripts"))
generate_docs = importlib.import_module("generate_docs")

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "examples/*.md")
    for path in ROOT.glob(pattern)
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def shell_lines() -> list[tuple[str, str]]:
    """Every command line in a console block, with the document it stands in."""
    return [
        (document, line.removeprefix("$ "))
        for document in DOCUMENTS
        for kind, block in FENCE.findall(read(document))
        if kind == "console"
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def affekt_calls() -> list[tuple[str, list[str]]]:
    """The words after every `affekt` in a console block, with the document it stands in."""
    calls = []
    for document, line in shell_lines():
        words = shlex.split(line.removesuffix("\\"), comments=True)
        if words[:1] == ["az"]:  # to Azure, affekt is the name of a resource group
            continue
        while "affekt" in words:
            words = words[words.index("affekt") + 1 :]
            end = next((i for i, word in enumerate(words) if word in {"|", ">"}), len(words))
            if words[:end] and " install " not in line:
                calls.append((document, words[:end]))
    return calls


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_file_resolves(document):
    prose = FENCE.sub("", read(document))
    targets = [link.partition("#")[0] for link in LINK.findall(prose) if "://" not in link]
    folder = (ROOT / document).parent
    missing = [target for target in targets if target and not (folder / target).exists()]
    assert missing == []


PAGES = [
    document for document in DOCUMENTS if document.count("/") < 2 and document != "CHANGELOG.md"
]


def prose(document: str) -> list[str]:
    """Paragraphs, items and cells of a page, without what is generated, quoted, or code."""
    text = re.sub(r"<!-- generated: .*?<!-- end of .*? -->", "", read(document), flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", FENCE.sub("", text))
    text = re.sub(r"^>.*", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\|.*", lambda row: row[0].replace("|", "\n\n"), text, flags=re.MULTILINE)
    return re.split(r"\n\s*\n|^\s*(?:[-*]|\d+\.) ", text, flags=re.MULTILINE)


@pytest.mark.parametrize("document", PAGES)
def test_no_sentence_has_more_than_forty_words(document):
    sentences = [
        sentence
        for part in prose(document)
        for sentence in re.split(r"(?<=[.!?:])[\"*)]*\s+(?=[A-Z`\"*\[(0-9])", part)
    ]
    assert [item for item in sentences if len(item.split()) > 40] == []


def test_the_log_of_experiments_is_dated_with_the_newest_first():
    dates = re.findall(r"^## (.*)$", read("docs/log.md"), flags=re.MULTILINE)
    assert dates == sorted(dates, reverse=True)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", date) for date in dates)


def test_every_make_target_in_the_documents_exists():
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"(?:^\$ |`|=ROOT )make ([a-z]+)", read(document), re.MULTILINE)
    }
    assert {"demo", "test", "setup", "check", "docs"} <= named
    assert named - targets == set()


def test_ci_runs_the_commands_of_the_readme():
    commands = re.findall(r"^(?:timeout .* )?(make \w+)$", read(".ci/run"), re.MULTILINE)
    assert commands[:2] == ["make test", "make check"]


def shown():
    """Return the commands that `affekt --help` lists: an alias of an earlier one is not."""
    return {
        name: main.get_command(click.Context(main), name)
        for name, entry in COMMANDS.items()
        if not entry.hidden
    }


def test_every_call_of_affekt_in_the_documents_has_options_that_exist():
    calls = affekt_calls()
    assert {words[0] for _, words in calls} == {*shown()}
    strangers = []
    for document, words in calls:
        command: click.Command = main
        for word in words:
            inner = None
            if isinstance(command, click.Group):
                inner = command.get_command(click.Context(command), word)
            if inner is not None:
                command = inner
            elif word.startswith("--") and word not in options(command):
                strangers.append((document, *words))
    assert strangers == []


def options(command: click.Command) -> set[str]:
    return {name for item in command.params for name in item.opts}


def test_no_documented_command_tests_a_shipped_model_on_whom_it_learnt_from():
    measuring = {"evaluate", "compare", "doubt", "report"}
    tested = [
        (document, name, words[words.index("--protocol") + 1])
        for document, words in affekt_calls()
        if words[0] in measuring and "--protocol" in words
        for name in {"default", "open"}.intersection(words)
    ]
    assert {name for _, name, _ in tested} == {"default", "open"}
    for document, name, rule in tested:
        people = [
            Utterance(
                path=Path(f"{speaker}.wav"),
                corpus=corpus,
                collection=collection_of(corpus),
                speaker=speaker,
                native_label="sad",
                emotion="sad",
            )
            for corpus, speaker in protocol(rule).tested()
        ]
        assert people, (document, rule)
        assert not training_speakers_among(Bundle.load(name).metadata, people), (
            document,
            name,
            rule,
        )


def test_every_command_has_a_section_in_the_reference():
    page = read("docs/reference/cli.md")
    for name, command in shown().items():
        inner = list(command.commands) if isinstance(command, click.Group) else []
        for title in (f"affekt {name}", *(f"affekt {name} {child}" for child in inner)):
            assert re.search(rf"^#+ {title}$", page, re.MULTILINE), title


def test_every_python_block_is_valid_python():
    blocks = [
        (document, block)
        for document in DOCUMENTS
        for kind, block in FENCE.findall(read(document))
        if kind == "python"
    ]
    assert blocks
    for document, block in blocks:
        compile(block, document, "exec")


def test_generated_parts_are_fresh(capsys):
    assert generate_docs.main(check=True) == 0, capsys.readouterr()


def test_a_stale_part_is_shown_as_a_difference(tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!-- generated: n -->\nold\n<!-- end of n -->\n")
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    monkeypatch.setattr(generate_docs, "FILES", {})
    monkeypatch.setattr(generate_docs, "PARTS", {"page.md": {"n": lambda: "new"}})
    assert generate_docs.main(check=True) == 1
    assert "-old\n+new\n" in capsys.readouterr().out
    assert page.read_text() == "<!-- generated: n -->\nold\n<!-- end of n -->\n"


def test_the_changelog_has_an_entry_for_this_version():
    assert f"\n## [{affekt.__version__}]" in read("CHANGELOG.md")


def test_the_licence_files_that_the_package_names_are_there():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    for pattern in project["license-files"]:
        assert list(ROOT.glob(pattern)), pattern
    assert "Version 2.0, January 2004" in read("LICENSE")


@pytest.fixture(params=("default", "open"))
def shipped(request):
    return Bundle.load(shipped_bundles()[request.param])


def test_a_shipped_model_has_a_card_and_a_licence_file(shipped):
    name = shipped.metadata.name
    assert shipped.sha256 in read(f"docs/models/{name}.md")
    licence = ROOT / "src" / "affekt" / "weights" / f"LICENSE-{name}.md"
    assert licence.read_text(encoding="utf-8") == shipped.licence_text


def test_the_latest_reading_of_the_lockbox_is_of_the_file_that_ships(shipped):
    rows = list(csv.DictReader(read("docs/lockbox-log.csv").splitlines()))
    own = [
        row
        for row in rows
        if (row["protocol"], row["bundle"]) == ("lockbox", shipped.metadata.title)
    ]
    assert own[-1]["bundle_sha256"] == shipped.sha256


def test_a_shipped_report_can_be_read_and_its_verdicts_follow_from_its_figures(shipped):
    name = shipped.metadata.name
    card = read_card(ROOT / "docs" / "reports" / f"{name}.json")
    groups = {
        (item.corpus, item.attribute, item.scoring, item.group): item for item in card.report.groups
    }
    judged = [item for item in card.differences if item.verdict != "not testable"]
    assert judged
    for item in judged:
        of = [groups[item.corpus, item.attribute, item.scoring, group] for group in item.ua]
        ends = [group.ua_interval for group in of]
        if all(ends):
            assert largest_difference([group.ua for group in of], ends) == item.interval
        else:
            assert item.interval is None
        enough = sum(count >= MIN_SPEAKERS for count in item.speakers.values()) > 1
        sure = verdict_of(item.interval) if enough and item.interval else "cannot tell"
        assert item.verdict == sure
    written = json.loads(read(f"docs/reports/{name}.json"))["warnings"]
    assert written == [{"about": item.about, "text": item.text} for item in warnings_of(card)]


def test_the_page_of_the_report_explains_every_warning_that_the_rules_name():
    source = (ROOT / "src/affekt/evaluation/card/warnings.py").read_text(encoding="utf-8")
    page = read("docs/report.md").partition("<!-- generated: warnings -->")[2]
    explained = {
        name.strip()
        for line in page.partition("<!-- end of warnings -->")[0].splitlines()
        for name in line.split("|")[1:2]
        for name in name.split(",")
    }
    named = set(re.findall(r'about="([^"]+)"', source))
    assert len(named) > 20
    assert named <= explained


def test_the_picture_shows_the_default_model_that_ships():
    with Image.open(ROOT / "docs/images/lockbox.png") as picture:
        assert picture.info["Source"] == Bundle.load("default").sha256
    assert (ROOT / "docs/images/lockbox.png").stat().st_size < 150_000


def test_the_readme_shows_an_answer_of_the_default_model_that_ships():
    assert f"model {Bundle.load('default').metadata.title}" in read("README.md")


def test_the_notebook_and_the_readme_use_names_that_exist():
    cells = json.loads(read("examples/quickstart.ipynb"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    code += [block for kind, block in FENCE.findall(read("README.md")) if kind == "python"]
    imported = re.findall(r"^from (affekt[\w.]*) import (\w+)", "\n".join(code), re.MULTILINE)
    assert imported
    for module, name in imported:
        assert hasattr(__import__(module, fromlist=[name]), name), (module, name)


def test_the_table_of_figures_gives_each_model_the_classes_that_it_answers_among():
    """By the reports, which hold what was scored."""
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.search(r"generated: figures -->\n(.*?)\n\n", read("README.md"), re.DOTALL)
        .group(1)
        .splitlines()
    ]
    names = [cell.split("`")[1] for cell in table[0] if "`" in cell]
    shown = {row[0].rpartition(" (")[0]: row[2:] for row in table[2:-1]}
    alike: dict[str, list[float]] = {name: [] for name in names}
    scored = {}
    for name in names:
        report = json.loads((ROOT / "docs" / "reports" / f"{name}.json").read_text("utf-8"))
        for corpus in report["figures"]["corpora"]:
            own = next(item for item in corpus["scorings"] if item["name"] == "own")
            scored[name, CORPORA[corpus["corpus"]].title] = own
    for title, cells in shown.items():
        classes = [
            tuple(item["label"] for item in scored[name, title]["classes"]) for name in names
        ]
        for place, name in enumerate(names):
            own = scored[name, title]
            count, guessing, ua = cells[3 * place : 3 * place + 3]
            assert (count, guessing) == (
                str(len(classes[place])),
                f"{100 / len(classes[place]):.1f}",
            )
            assert float(ua) == pytest.approx(100 * own["ua"], abs=0.006)
            if len(set(classes)) == 1:
                alike[name].append(100 * own["ua"])
    for place, name in enumerate(names):
        mean = sum(alike[name]) / len(alike[name])
        assert float(table[-1][2 + 3 * place + 2]) == pytest.approx(mean, abs=0.011)


def without_pictures(page: str) -> str:
    return re.sub(r'src="data:[^"]*"', "", page)


@pytest.mark.parametrize("name", shipped_bundles())
def test_the_page_of_a_shipped_report_says_what_is_stored(name):
    pytest.importorskip("matplotlib", reason="a report draws")
    from affekt.evaluation.card.files import to_html

    stored = ROOT / "docs" / "reports" / f"{name}.json"
    shown = stored.with_suffix(".html").read_text(encoding="utf-8")
    assert without_pictures(to_html(read_card(stored))) == without_pictures(shown)
