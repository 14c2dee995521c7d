"""The log of lockbox readings: whoever looks into the lockbox leaves a row.

A figure on held-out speakers is worth less each time a choice follows from it, so the number of
readings is itself part of the figure.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from affekt.errors import ConfigError
from affekt.evaluation.report import EIGHT, Report
from affekt.report import csv_text
from affekt.text import csv_record

LOG = Path("docs/lockbox-log.csv")
MEASURED = (*EIGHT, "ravdess_song")
Origin = Literal["release", "user", "reference", "probe", "reproduction", "study"]
ORIGINS: dict[Origin, str] = {
    "release": "a file that ships, measured for its release",
    "user": "any model, measured by a command",
    "reference": "somebody else's features or encoder with a simple classifier, for comparison",
    "probe": "a frozen encoder under a trial head, before any model was made of it",
    "reproduction": "a network of `affekt reproduce`",
    "study": "a benchmark of this project",
}
_FIGURES = (*(f"ua_{name}" for name in MEASURED), "mean_of_eight", "mean_of_five")
_FIRST = (
    *("date", "commit", "protocol", "bundle", "bundle_sha256", "clips", "clips_sha256", "failed"),
    *_FIGURES,
)
# The first logs had no origin.
COLUMNS = (*_FIRST, "origin", "note")
_SAME = ("protocol", "bundle_sha256", "clips_sha256", "failed", *_FIGURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A look at lockbox speakers. What is not known is None or empty.

    Attributes:
        date: ISO 8601; a day, or a time.
        commit: of the checkout, as `commit_of` names it.
        protocol: who was tested, and after learning from whom.
        bundle: what was measured.
        bundle_sha256: of its file.
        clips: how many were tested, those of other speakers included.
        clips_sha256: of what identifies them.
        failed: how many were not answered.
        ua: corpus to UA, 0 to 1, over all clips under test.
        mean_of_eight: of the corpora of `EIGHT`, 0 to 1.
        mean_of_five: likewise, of the five with the most lockbox speakers.
        origin: one of `ORIGINS`.
        note: what else is to be known.
    """

    date: str
    commit: str
    protocol: str
    bundle: str
    bundle_sha256: str
    clips: int
    clips_sha256: str
    failed: int
    ua: Mapping[str, float]
    mean_of_eight: float | None = None
    mean_of_five: float | None = None
    origin: Origin
    note: str = ""

    @classmethod
    def of(cls, report: Report, *, commit: str, origin: Origin) -> Reading:
        """Return what a report says of lockbox speakers."""
        return cls(
            date=report.date,
            commit=commit,
            protocol=report.protocol,
            bundle=report.bundle,
            bundle_sha256=report.bundle_sha256,
            clips=report.clips,
            clips_sha256=report.clips_sha256,
            failed=len(report.failures),
            ua={
                item.corpus: scoring.ua
                for item in report.corpora
                if (scoring := item.scoring("own")) is not None
            },
            mean_of_eight=report.mean_of_eight,
            mean_of_five=report.mean_of_five,
            origin=origin,
        )


def checkout_of(folder: Path) -> Path | None:
    """Return the checkout of Affekt that a folder lies in, or None."""
    for place in (folder, *folder.parents):
        if (place / ".git").exists() and (place / "src" / "affekt").is_dir():
            return place
    return None


def log_of(log: Path | None) -> Path | None:
    """Return where readings are logged; None stands for `LOG` of the checkout one works in."""
    checkout = checkout_of(Path.cwd())
    return log or (checkout / LOG if checkout else None)


def check_readings(log: Path | None) -> None:
    """Refuse a log that a reading could not be added to, before anything is predicted.

    Args:
        log: see `log_of`.

    Raises:
        ConfigError: the file is no log of readings, or cannot be read or written.
    """
    log = log_of(log)
    if log is None:
        return
    try:
        _read(log)
        place = next(folder for folder in (log, *log.absolute().parents) if folder.exists())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{log}: no reading could be logged: {error}") from None
    if not os.access(place, os.W_OK):
        raise ConfigError(f"{log}: no reading could be logged: {place} cannot be written")


def log_reading(reading: Reading, log: Path | None) -> str:
    """Log a reading, and return what became of it.

    Args:
        reading: of clips among which some are of lockbox speakers, under whatever protocol.
        log: a CSV file; see `log_of`.

    Raises:
        ConfigError: the file is no log of readings, or cannot be written.
    """
    place = log_of(log)
    if place is None:
        return "not logged: this is no checkout of Affekt; --log FILE keeps a log of your own"
    added = append_reading(reading, place)
    return f"{'logged' if added else 'already logged'} in {place}"


def commit_here(log: Path | None) -> str:
    """Return the commit of the checkout that the working directory lies in, else "unknown"."""
    checkout = checkout_of(Path.cwd())
    if checkout is None:
        return "unknown"
    return commit_of(checkout, ignoring=(log or checkout / LOG).absolute())


def append_reading(reading: Reading, log: Path) -> bool:
    """Append a reading to the log; the file is made where it is missing.

    A reading of the same file (by SHA-256) with the same figures tells nothing new and adds no
    second row, unless it is the first of a release: its figures stand in the documents. Rows are
    never removed; a log of before there were origins gets the new columns, empty in its old rows.

    Args:
        reading: of clips among which some are of lockbox speakers, under whatever protocol.
        log: a CSV file.

    Returns:
        Whether a row was added.

    Raises:
        ConfigError: the file is no log of readings, or cannot be written.
    """
    row = csv_record(_row(reading))
    try:
        before = _read(log)
        same = [old for old in before if all(old[key] == row[key] for key in _SAME)]
        if same and (
            reading.origin != "release" or any(old["origin"] == "release" for old in same)
        ):
            return False
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and _header(log) == _FIRST:
            new = log.with_name(f"{log.name}.new")
            rows = [[old[name] for name in COLUMNS] for old in before]
            new.write_text(csv_text(COLUMNS, rows), encoding="utf-8")
            new.replace(log)
        is_open = log.exists() and log.read_bytes()[-1:] not in (b"", b"\n")
        with log.open("a", encoding="utf-8", newline="") as file:
            lines = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if file.tell() == 0:
                lines.writeheader()
            if is_open:  # an editor left the last row without its end
                file.write("\n")
            lines.writerow(row)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{log}: the reading could not be logged: {error}") from None
    return True


def commit_of(checkout: Path, *, ignoring: Path) -> str:
    """Return the commit of a checkout, `-dirty` added where tracked files differ from it.

    Args:
        checkout: its folder.
        ignoring: a file whose changes do not count: the log itself.

    Returns:
        The full hash; "unknown" without git or without a commit.
    """
    git = shutil.which("git")
    if git is None:
        return "unknown"

    def ask(*arguments: str) -> str | None:
        done = subprocess.run(  # noqa: S603  fixed arguments, no shell
            [git, "-C", str(checkout), *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    spared = [f":(exclude){ignoring}"] if ignoring.is_relative_to(checkout) else []
    changes = ask("status", "--porcelain", "--untracked-files=no", "--", str(checkout), *spared)
    return f"{commit}-dirty" if changes else commit


def _read(log: Path) -> list[dict[str, str]]:
    if not log.exists():
        return []
    if not log.is_file():
        raise ConfigError(f"{log}: is no file, and a log of readings must be one")
    if log.stat().st_size == 0:
        return []
    rows = csv.DictReader(io.StringIO(log.read_text(encoding="utf-8")))
    if _header(log) not in (COLUMNS, _FIRST):
        raise ConfigError(
            f"{log}: not a log of lockbox readings; its first line must be {','.join(COLUMNS)}"
        )
    return [dict.fromkeys(COLUMNS, "") | row for row in rows]


def _header(log: Path) -> tuple[str, ...]:
    with log.open(encoding="utf-8", newline="") as file:
        return tuple(next(csv.reader(file), ()))


def _row(reading: Reading) -> dict[str, str]:
    return {
        "date": reading.date,
        "commit": reading.commit,
        "protocol": reading.protocol,
        "bundle": reading.bundle,
        "bundle_sha256": reading.bundle_sha256,
        "clips": str(reading.clips),
        "clips_sha256": reading.clips_sha256,
        "failed": str(reading.failed),
        **{f"ua_{name}": _percent(reading.ua.get(name)) for name in MEASURED},
        "mean_of_eight": _percent(reading.mean_of_eight),
        "mean_of_five": _percent(reading.mean_of_five),
        "origin": reading.origin,
        "note": reading.note,
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100.0 * share:.2f}"
