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
from pathlib import Path

from affekt.errors import ConfigError
from affekt.evaluation.report import EIGHT, Report

MEASURED = (*EIGHT, "ravdess_song")
_FIGURES = (*(f"ua_{name}" for name in MEASURED), "mean_of_eight", "mean_of_five")
COLUMNS = (
    *("date", "commit", "protocol", "bundle", "bundle_sha256", "clips", "clips_sha256", "failed"),
    *_FIGURES,
)
_SAME = ("protocol", "bundle_sha256", "clips_sha256", "failed", *_FIGURES)


def checkout_of(folder: Path) -> Path | None:
    """Return the checkout of Affekt that a folder lies in, or None."""
    for place in (folder, *folder.parents):
        if (place / ".git").exists() and (place / "src" / "affekt").is_dir():
            return place
    return None


def check_readings(log: Path) -> None:
    """Refuse a log that a reading could not be added to, before anything is heard.

    Raises:
        ConfigError: the file is no log of readings, or cannot be read or written.
    """
    try:
        _read(log)
        place = next(folder for folder in (log, *log.absolute().parents) if folder.exists())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{log}: no reading could be logged: {error}") from None
    if not os.access(place, os.W_OK):
        raise ConfigError(f"{log}: no reading could be logged: {place} cannot be written")


def append_reading(report: Report, log: Path, *, commit: str) -> bool:
    """Append a reading to the log; the file is made where it is missing.

    A reading of the same file (by SHA-256) with the same figures tells nothing new and adds no
    second row.

    Args:
        report: of clips among which some are of lockbox speakers, under whatever protocol.
        log: a CSV file.
        commit: of the checkout, as `commit_of` names it.

    Returns:
        Whether a row was added.

    Raises:
        ConfigError: the file is no log of readings, or cannot be written.
    """
    row = _row(report, commit)
    try:
        before = _read(log)
        if any(all(old[key] == row[key] for key in _SAME) for old in before):
            return False
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if file.tell() == 0:
                rows.writeheader()
            rows.writerow(row)
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
    if not log.exists() or log.stat().st_size == 0:
        return []
    rows = csv.DictReader(io.StringIO(log.read_text(encoding="utf-8")))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise ConfigError(
            f"{log}: not a log of lockbox readings; its first line must be {','.join(COLUMNS)}"
        )
    return list(rows)


def _row(report: Report, commit: str) -> dict[str, str]:
    own = {item.corpus: item.scoring("own") for item in report.corpora}
    row = {
        "date": report.date,
        "commit": commit,
        "protocol": report.protocol,
        "bundle": report.bundle,
        "bundle_sha256": report.bundle_sha256,
        "clips": str(report.clips),
        "clips_sha256": report.clips_sha256,
        "failed": str(len(report.failures)),
        "mean_of_eight": _percent(report.mean_of_eight),
        "mean_of_five": _percent(report.mean_of_five),
    }
    for name in MEASURED:
        scoring = own.get(name)
        row[f"ua_{name}"] = _percent(scoring.ua if scoring else None)
    return row


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100.0 * share:.2f}"
