"""The part of a model's card that its model card fills."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affekt.corpora import VOTED_CORPUS
from affekt.evaluation import leak_facts
from affekt.evaluation.card import points, share
from affekt.evaluation.card import warnings as rules
from affekt.evaluation.figures import percent, why_no_interval
from affekt.evaluation.overlap import LeakedCopy, Leaks
from affekt.evaluation.people import MARGIN, MIN_SPEAKERS
from affekt.metrics import NEARLY_ALL
from affekt.recognition import Bundle, shipped_bundles
from md import table

REPORTS = Path(__file__).resolve().parent.parent / "docs" / "reports"


def read_report(name: str, sha256: str, folder: Path = REPORTS) -> dict[str, Any] | None:
    """Return the report of a shipped model, None where there is none.

    Args:
        name: of the model.
        sha256: of the file that ships.
        folder: of the reports.

    Raises:
        SystemExit: the report is of another file.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if report["figures"]["bundle_sha256"] != sha256:
        raise SystemExit(f"{path}: measured on another file; make it again: {report['command']}")
    return report


def telephone() -> str:
    """Say what the default model loses over a telephone, as its report has it."""
    bundle = Bundle.load()
    report = read_report("default", bundle.sha256)
    if report is None:
        raise SystemExit(
            "docs/reports/default.json is missing: nothing says what a telephone costs"
        )
    found = _over_a_telephone(report)
    return (
        f"**Over a telephone it is right far less often**: the default model recognises "
        f"{share(found['ua'])} of the emotions in {found['clips']} clips sent through a telephone "
        f"line ({found['condition']}), and {share(found['ua_clean'])} in the clips as they are. "
        "Both are UA among each corpus' own emotions, the mean over "
        f"{found['corpora']} corpora. A recording with nothing above 4 kHz brings a warning."
    )


def measured() -> str:
    """Return what `affekt models show` says of shipped files beyond their own metadata, as JSON."""
    found = {}
    for name, path in shipped_bundles().items():
        digest = Bundle.load(path).sha256
        report = read_report(name, digest)
        if report is not None and report["robustness"] is not None:
            found[digest] = {"name": name, "telephone": _over_a_telephone(report)}
    return json.dumps(found, indent=1) + "\n"


def releases() -> str | None:
    """Return what moved since the earlier release of the default model, as both reports have it.

    None while the report of the earlier release is not kept beside the present one.
    """
    before = REPORTS / "default-1.1.json"
    if not before.exists():
        return None
    old = json.loads(before.read_text(encoding="utf-8"))
    new = json.loads((REPORTS / "default.json").read_text(encoding="utf-8"))
    shares = [_own_ua(report["figures"]) for report in (old, new)]
    rows = [
        (corpus, *(percent(of[corpus]) if corpus in of else "" for of in shares))
        for corpus in shares[1]
    ]
    lines = [_over_a_telephone(report) for report in (old, new)]
    rows += [
        (f"sample of {lines[1]['clips']} clips", *(percent(line["ua_clean"]) for line in lines)),
        ("the same over a telephone", *(percent(line["ua"]) for line in lines)),
    ]
    head = ("UA %, lockbox", *(report["figures"]["bundle"] for report in (old, new)))
    return table(head, rows, right="lrr")


def _own_ua(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the UA of each corpus among its own emotions, and the mean of the eight."""
    of_corpora = {
        item["corpus"]: of["ua"]
        for item in figures["corpora"]
        for of in item["scorings"]
        if of["name"] == "own"
    }
    return {**of_corpora, "mean of eight": figures["mean_of_eight"]}


def _over_a_telephone(report: Mapping[str, Any]) -> dict[str, Any]:
    robustness = report["robustness"]
    (line,) = (item for item in robustness["conditions"] if item["group"] == "telephone")
    clean, own = robustness["clean"]["own"], line["own"]
    return {
        "condition": line["name"],
        "clips": robustness["clips"],
        "corpora": len(own["ua"]),
        "ua_clean": round(clean["mean_ua"], 4),
        "ua": round(own["mean_ua"], 4),
    }


def sections(report: Mapping[str, Any]) -> list[str]:
    """Return what the report says, in Markdown; figures in percent."""
    figures = report["figures"]
    name = report["name"]
    return [
        "## Warnings",
        warnings(report),
        f"[The whole report](../reports/{name}.html) shows every figure, and "
        f"[as JSON](../reports/{name}.json); [Reports](../report.md) says how to read it.",
        f"## Measured under `{figures['protocol']}`",
        f"{figures['protocol_description'].capitalize()}. {figures['clips']} clips of "
        f"{figures['speakers']} speakers, {figures['date'][:10]}. Percent; `own` is answered among "
        "the corpus' own emotions, `all` among all labels.",
        _corpora(figures),
        *_people(report),
        *_groups(figures),
        *_confidence(report["confidence"]),
        *_conditions(report["robustness"]),
    ]


def warnings(report: Mapping[str, Any]) -> str:
    """Return what a report warns of, as a Markdown list."""
    lines = [f"- **{item['about']}**: {item['text']}" for item in report["warnings"]]
    return "\n".join(lines) or "Nothing crossed a line that the report draws."


def limits() -> str:
    """Return the lines that the rules behind the warnings draw."""
    rows = (
        ("protocol", "speakers under test may be training speakers, or choices were made on them"),
        ("training", "the training speakers of the model are unknown"),
        ("training speakers tested", "the model's own word does not rule it out"),
        ("recordings that were learnt from", "a clip under test may have been learnt from itself"),
        (
            "copies of what was learnt from",
            "a clip under test is a copy of a recording that was learnt from",
        ),
        ("less than was asked for", "a floor of the model's is missed"),
        (
            "no better than guessing",
            "the interval of a corpus reaches down to guessing, or its figure where it has none",
        ),
        (
            "one answer to everything",
            f"{share(NEARLY_ALL)} or more of a corpus' answers are one label, and fewer clips are",
        ),
        ("worst corpora", f"less than {share(rules.LITTLE)} is recognised"),
        ("no single figure", f"corpora lie {points(rules.SPREAD)} or more apart"),
        ("emotions it misses", f"less than {share(rules.MISSED)} of an emotion is recognised"),
        (
            "people are not served alike",
            "the interval of a difference of groups leaves out zero",
        ),
        (
            "people may not be served alike",
            f"groups lie more than {points(MARGIN)} apart, whatever their interval says",
        ),
        ("answers move", "a change that should not matter fails"),
        ("worst conditions", f"a condition costs more than {points(rules.DROP)}"),
        ("not recognised at all", f"more than {share(rules.REFUSED)} of the clips are refused"),
        (
            "confidence is off",
            f"the calibration error is {share(rules.ECE_POOLED)} or more over all clips, or "
            f"{share(rules.ECE_MEAN)} in the mean of the corpora, and more than chance leaves",
        ),
        ("surer than right", f"confidence is {points(rules.OVERCONFIDENT)} above right answers"),
        (
            "sets that promise too much",
            "the interval of the coverage lies below the promise, or its share where it has none, "
            "of all clips or of one corpus",
        ),
        ("sounds taken for speech", f"less than {share(rules.FOUND)} of a kind is noticed"),
        ("speech taken for something else", f"more than {share(rules.FLAGGED)} of it is flagged"),
        ("one speaker, few speakers", f"fewer than {MIN_SPEAKERS} speakers of a corpus"),
        ("speakers unknown", "nobody says who speaks"),
        ("clips not answered, not the whole protocol", "anything is missing"),
        ("answers to other clips", "a table of predictions names clips that are not at hand"),
    )
    return table(("warning", "when"), rows)


def stamp(name: str = "default") -> str:
    """Return the stamp that the report of a shipped model bears."""
    report = read_report(name, Bundle.load(name).sha256)
    if report is None or report["figures"]["leaks"] is None:
        raise SystemExit(f"docs/reports: no stamp on the figures of '{name}'")
    values = report["figures"]["leaks"]
    copies = tuple(LeakedCopy(**item) for item in values["examples"])
    leaks = Leaks(**(values | {"examples": copies}))
    lines = [f"{name:<10} {value}" for name, value in leak_facts(leaks)]
    return "\n".join(["```text", *lines, "```"])


def calibration(name: str = "default") -> str:
    """Return what was asked of the shipped model's confidence, and what its report measured."""
    report = read_report(name, Bundle.load(name).sha256)
    if report is None or report["confidence"] is None:
        raise SystemExit(f"docs/reports: no report on the confidence of '{name}'")
    given = report["confidence"]["given"]["given"]
    sets, rule = report["confidence"]["given"]["sets"], report["confidence"]["given"]["rule"]
    eces = [
        ("all clips", given["pooled"]["ece"], given["pooled"]["ece_floor"], rules.ECE_POOLED),
        ("mean over corpora", given["mean_ece"], given["mean_ece_floor"], rules.ECE_MEAN),
    ]
    rows = [
        (f"ECE, {what}", f"below {percent(least)}", percent(ece), percent(floor), _yes(ece < least))
        for what, ece, floor, least in eces
    ]
    promised = rule["coverage"]
    ends = sets["interval"] or {"low": sets["share"], "high": sets["share"]}
    inside = ends["low"] <= promised <= ends["high"]
    rows.append(("sets hold the right label", percent(promised), _held(sets), "", _yes(inside)))
    by_corpus = report["confidence"]["given"]["corpora_sets"]
    corpora = [
        (
            corpus,
            item["clips"],
            *(percent(item[key]) for key in ("confidence", "accuracy", "ece", "ece_floor")),
            *([_held(by_corpus[corpus])] if by_corpus else []),
        )
        for corpus, item in given["corpora"].items()
    ]
    head = ("figure", "asked", "measured", "if every probability were right", "reached")
    heads = ["corpus", "clips", "confidence", "right", "ECE", "if every probability were right"]
    parts = [
        f"`{report['figures']['bundle']}` under `{report['figures']['protocol']}`, percent:",
        table(head, rows, right="lrrrl"),
        table([*heads, *(["sets hold"] if by_corpus else [])], corpora, right="lrrrrrr"),
    ]
    if not by_corpus:
        parts.append(
            "How often sets hold the right label corpus by corpus was not kept when this was "
            f"measured ({report['figures']['date'][:10]}, Affekt "
            f"{report['figures']['affekt_version']}); reports made now keep it."
        )
    return "\n\n".join(parts)


def _held(sets: Mapping[str, Any]) -> str:
    ends = sets["interval"]
    between = f" ({percent(ends['low'])} to {percent(ends['high'])})" if ends else ""
    return f"{percent(sets['share'])}{between}"


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


def _corpora(figures: Mapping[str, Any]) -> str:
    rows = []
    for item in figures["corpora"]:
        scorings = {of["name"]: of for of in item["scorings"]}
        if not scorings:
            continue
        own, everything = scorings["own"], scorings["all"]
        ends = own["ua_interval"]
        alone = why_no_interval(len(item["speakers"]))
        interval = f"{percent(ends['low'])} to {percent(ends['high'])}" if ends else alone
        shares = (own["wa"], everything["ua"], everything["wa"])
        classes = len(own["classes"])
        counts = (own["clips"], len(item["speakers"]), classes, percent(1 / classes))
        rows.append((item["corpus"], *counts, percent(own["ua"]), interval, *map(percent, shares)))
    head = (
        *("corpus", "clips", "speakers", "classes", "guessing", "UA own", "95 % interval"),
        *("WA own", "UA all", "WA all"),
    )
    return table(head, rows, right="lrrrrrrrrr")


def _people(report: Mapping[str, Any]) -> list[str]:
    judged = [item for item in report["differences"] if item["verdict"] != "not testable"]
    rows = [
        (
            f"{item['corpus']}, by {item['attribute']} ({item['scoring']})",
            ", ".join(f"{group} {percent(ua)}" for group, ua in item["ua"].items()),
            _difference(item),
            item["verdict"],
        )
        for item in judged
    ]
    rows += [
        (
            item["change"],
            f"{percent(item['unchanged'])} of the answers stay, "
            f"{percent(item['moved'])} of the probability moves",
            f"at least {percent(item['limit'])} stay, at most {percent(item['moved_limit'])} moves",
            item["verdict"],
        )
        for item in report["prediction_stability"] or ()
    ]
    head = ("what", "measured", "difference, or what passes", "verdict")
    return ["### People", table(head, rows)] if rows else []


def _difference(item: Mapping[str, Any]) -> str:
    ends = item["interval"]
    told = f"{percent(ends['low'])} to {percent(ends['high'])}" if ends else "all draws agree"
    return f"{percent(item['difference'])} points ({told})"


def _confidence(confidence: Mapping[str, Any] | None) -> list[str]:
    if confidence is None:
        return []
    given = confidence["given"]["given"]
    rows = [
        ("expected calibration error, all clips", percent(given["pooled"]["ece"])),
        ("expected calibration error, mean over corpora", percent(given["mean_ece"])),
    ]
    if confidence["telephone"] is not None:
        ece = confidence["telephone"]["given"]["pooled"]["ece"]
        rows.append(("expected calibration error, over a telephone", percent(ece)))
    sets, rule = confidence["given"]["sets"], confidence["given"]["rule"]
    if sets is not None:
        rows.append((f"sets that promise {percent(rule['coverage'])} hold", percent(sets["share"])))
        rows.append(("labels a set", f"{sets['mean_size']:.2f}"))
    if confidence["domain"] is not None:
        rows += [
            (f"{kind} (synthetic) noticed as no speech", percent(share))
            for kind, share in confidence["domain"]["found"].items()
        ]
        rows.append(("speech called out of the domain", percent(confidence["domain"]["flagged"])))
    return ["### Confidence", table(("what", "measured"), rows, right="lr")]


def _groups(figures: Mapping[str, Any]) -> list[str]:
    """Return CREMA-D by sex and age band, and how far each group lies from the mean."""
    means = [
        of["ua"]
        for item in figures["corpora"]
        for of in item["scorings"]
        if (item["corpus"], of["name"]) == (VOTED_CORPUS, "own")
    ]
    groups = [
        item
        for item in figures["groups"]
        if (item["corpus"], item["scoring"]) == (VOTED_CORPUS, "own")
        and item["attribute"] in ("gender", "age")
    ]
    if not means or not groups:
        return []
    worst = min(groups, key=lambda item: item["ua"])
    rows = [
        (
            *(item["attribute"], item["group"], item["speakers"], item["clips"]),
            *map(percent, (item["ua"], item["ua"] - means[0])),
        )
        for item in groups
    ]
    return [
        "### CREMA-D by sex and age",
        f"UA among its own emotions; the mean is {percent(means[0])}. The worst group is "
        f"{worst['attribute']} {worst['group']}.",
        table(("", "group", "speakers", "clips", "UA", "from the mean"), rows, right="llrrrr"),
    ]


def _conditions(robustness: Mapping[str, Any] | None) -> list[str]:
    if robustness is None:
        return []
    rows = [("clean", "", percent(robustness["clean"]["own"]["mean_ua"]), "", "")]
    rows += [
        (
            *(item["group"], item["name"]),
            *map(percent, (of["mean_ua"], of["drop"], of["unchanged"])),
        )
        for item in robustness["conditions"]
        for of in [item["own"]]
    ]
    return [
        "### Conditions",
        f"Mean UA over corpora of {robustness['clips']} clips, and how many clips keep the answer "
        "that they have without the condition.",
        table(("condition", "", "UA", "loss", "same answer"), rows, right="llrrr"),
    ]
