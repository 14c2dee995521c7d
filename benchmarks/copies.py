"""Count the copies that an audit finds, by kind and by the tool that made them.

    AFFEKT_CORPORA=FOLDER python benchmarks/copies.py
    AFFEKT_CORPORA=FOLDER python benchmarks/copies.py --all --expected FILE

One clip each of 24 speakers is copied. The weights of suspicion and its least value were fitted on
others. Beside the table stand 300 pairs in which one speaker says one sentence twice; `--write`
keeps both in `docs/copies.json`, from which `make generate` makes a table. `--all` audits all
recordings with a new store and again, and lists each finding of a copy that FILE does not expect:
a CSV with columns `corpus`, `finding`, `stem` and `other`.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile
from planting import RATE_HZ, REPORTED, Planter, planters, speakers_apart

from affekt.audio import decode
from affekt.auditing import Audit, Finding, audit
from affekt.corpora import CORPORA, corpora_root, is_known
from affekt.records import Utterance

COPIES = ("identical-audio", "near-duplicate", "augmented-copy")
PAIRS = 300
OUT = Path(__file__).resolve().parent.parent / "docs" / "copies.json"


def main() -> None:
    """Plant, audit and print."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--only", help="a kind of copy, and nothing else")
    options.add_argument("--write", action="store_true", help="keep the figures in docs/")
    options.add_argument("--all", action="store_true", help="audit all recordings too")
    options.add_argument("--expected", type=Path, help="a CSV of findings that are expected")
    options.add_argument("--keep", type=Path, help="keep copies and audits here, for another run")
    options.add_argument("--workers", type=int, default=2)
    arguments = options.parse_args()
    root = corpora_root(None)
    speakers, _ = speakers_apart(root)
    with tempfile.TemporaryDirectory() as temporary:
        place = arguments.keep or Path(temporary)
        print("| kind | tool | copies | certain | suspected | found | other findings |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        rows = [
            _planted(planter, speakers, place)
            for planter in planters()
            if arguments.only in (None, planter.kind)
        ]
        if arguments.only is None:
            taken = _taken(speakers, place)
            if arguments.write:
                _write(rows, taken)
        if arguments.all:
            _print_all(root, place, arguments.workers, arguments.expected)


def _planted(
    planter: Planter, speakers: Sequence[list[Utterance]], place: Path
) -> dict[str, str | int]:
    """Audit a split whose test part holds the copies of what is in its training part."""
    folder = place / f"{planter.kind}-{planter.tool}".replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, clips in enumerate(speakers):
        signal = decode(random.Random(number).choice(clips).path).signal
        if not (folder / f"{number}.wav").exists():
            soundfile.write(folder / f"{number}.wav", signal, RATE_HZ, subtype="FLOAT")
        rows.append((f"{number}.wav", "train"))
        for step, setting in enumerate(planter.settings):
            name = f"{number}-{step}.wav"
            if not (folder / name).exists():
                copy, rate_hz = planter.make(signal, setting, number)
                soundfile.write(folder / name, np.asarray(copy), rate_hz, subtype="FLOAT")
            rows.append((name, "test"))
    findings = _copies(_audit(folder, rows))
    found: Counter[str] = Counter()
    for item in findings:
        one, other = sorted((Path(clip.name).stem for clip in item.clips), key=len)
        if one.partition("-")[0] != other.partition("-")[0]:
            found["other"] += 1
        elif "-" not in one:
            found[item.severity] += 1
    copies = len(rows) - len(speakers)
    certain, suspected = found["error"], found["suspected"]
    print(
        f"| {planter.kind} | {planter.tool} | {copies} | {certain} | {suspected} | "
        f"{100 * (certain + suspected) / copies:.1f} % | {found['other']} |",
        flush=True,
    )
    return {
        "kind": planter.kind,
        "tool": planter.tool,
        "copies": copies,
        "certain": certain,
        "suspected": suspected,
        "other": found["other"],
    }


def _write(rows: Sequence[dict[str, str | int]], taken: int) -> None:
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "speakers": REPORTED,
        "rows": rows,
        "pairs": PAIRS,
        "pairs_taken": taken,
    }
    OUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _taken(speakers: Sequence[list[Utterance]], place: Path) -> int:
    """Audit recordings in which one speaker says one sentence twice."""
    pairs = []
    for clips in speakers:
        for at, one in enumerate(clips):
            for other in clips[at + 1 :]:
                same = (one.corpus, one.sentence) == (other.corpus, other.sentence)
                if same and one.sentence is not None and not _declared(one, other):
                    pairs.append((one, other))
    drawn = random.Random(3).sample(pairs, PAIRS)
    names = {str(item.path): "all" for pair in drawn for item in pair}
    folder = place / "pairs"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {frozenset((str(one.path), str(other.path))) for one, other in drawn}
    findings = _copies(_audit(folder, list(names.items())))
    taken = [item for item in findings if frozenset(c.name for c in item.clips) in wanted]
    print(f"\n{len(drawn)} pairs of one speaker and sentence: {len(taken)} taken for copies")
    for item in findings:
        print("  ", _told(item), "" if item in taken else "(no drawn pair)")
    return len(taken)


def _declared(one: Utterance, other: Utterance) -> bool:
    corpus = CORPORA[one.corpus]
    # Declared in words: this speaker's recordings in fear are those in sadness.
    if (one.corpus, one.speaker) == ("casia", "liuchanhg"):
        return {one.emotion, other.emotion} == {"fearful", "sad"}
    return any(is_known(corpus, kind, one.path.stem, other.path.stem) for kind in COPIES)


def _print_all(root: Path, place: Path, workers: int, expected: Path | None) -> None:
    names = [name for name in CORPORA if (root / name).is_dir()]
    known = set()
    if expected is not None:
        with expected.open(newline="") as file:
            known = {(row["finding"], row["stem"], row["other"]) for row in csv.DictReader(file)}
    for run in ("first", "again"):
        with _timed(run):
            found = audit(names, root=root, store=place / "all.sqlite", workers=workers)
    findings = _copies(found)
    print(f"{found.clips} recordings, {len(found.findings)} findings, {len(findings)} of copies")
    print(dict(Counter((item.kind, item.severity) for item in findings)))
    for item in findings:
        if (item.kind, *(Path(clip.name).stem for clip in item.clips)) not in known:
            print("  ", _told(item))


@contextmanager
def _timed(name: str) -> Iterator[None]:
    started, before = time.perf_counter(), _cpu_s()
    yield
    print(f"{name}: {time.perf_counter() - started:.1f} s, CPU {_cpu_s() - before:.1f} s")


def _cpu_s() -> float:
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in times)


def _audit(folder: Path, rows: Sequence[tuple[str, str]]) -> Audit:
    split = folder / "split.csv"
    with split.open("w", newline="") as file:
        csv.writer(file).writerows([("path", "part"), *rows])
    return audit(split=split, store=folder / "audit.sqlite", workers=1)


def _copies(found: Audit) -> list[Finding]:
    return [item for item in found.findings if item.kind in COPIES]


def _told(item: Finding) -> str:
    clips = " = ".join("/".join(Path(clip.name).parts[-3:]) for clip in item.clips)
    known = " (declared)" if item.known else ""
    return f"{item.severity} {item.kind}{known}: {clips}: {item.message}"


if __name__ == "__main__":
    main()
