"""Writers: a table for people, and JSON, JSON lines and CSV for programs.

JSON, JSON lines and CSV leave as each answer comes; the table is drawn at the end. A recording that
could not be recognised has a row as well, which holds its path and the error.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from affekt.errors import ConfigError, did_you_mean
from affekt.recognition.options import Failure
from affekt.records import Prediction
from affekt.terminal import open_console, plain_table, print_table
from affekt.text import csv_cell, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_BAR_WIDTH = 16


class Writer(Protocol):
    """What all writers have in common."""

    def __init__(self, out: TextIO, labels: Sequence[str]) -> None: ...

    def write(self, answer: Prediction | Failure) -> None:
        """Take one answer, or one failure."""

    def close(self) -> None:
        """Write whatever must follow the last answer; the file stays open."""


class JsonWriter:
    """An array of records, also when there is one, or none."""

    def __init__(self, out: TextIO, labels: Sequence[str]) -> None:  # noqa: ARG002
        self._out = out
        self._separator = "[\n"

    def write(self, answer: Prediction | Failure) -> None:
        """Write one element of the array."""
        self._out.write(self._separator + json.dumps(answer.to_dict()))
        self._separator = ",\n"

    def close(self) -> None:
        """Close the array."""
        self._out.write("[]\n" if self._separator == "[\n" else "\n]\n")


class JsonlWriter:
    """One record a line, each flushed so that a reader at the other end sees it at once."""

    def __init__(self, out: TextIO, labels: Sequence[str]) -> None:  # noqa: ARG002
        self._out = out

    def write(self, answer: Prediction | Failure) -> None:
        """Write one line."""
        self._out.write(json.dumps(answer.to_dict()) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing follows the last line."""


def columns(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a table with a row a recording."""
    return (
        *("path", "duration_s", "sampling_rate_hz", "channels", "model"),
        *("emotion", "confidence", "uncertain"),
        *(f"score_{label}" for label in labels),
        *("prediction_set", "out_of_domain", "novelty", "intensity"),
        *("left_out", "purpose", "warnings", "error"),
    )


def row(answer: Prediction | Failure) -> dict[str, Any]:
    """Return a row of that table; a column that is not in it has nothing to say."""
    record = answer.to_dict()
    scores = {f"score_{item['label']}": item["score"] for item in record.get("predictions", ())}
    return record | scores


class CsvWriter:
    """One row a recording; a column for every label of the model, empty where `top_k` cut it."""

    def __init__(self, out: TextIO, labels: Sequence[str]) -> None:
        self._out = out
        self._columns = columns(labels)
        self._rows = csv.writer(out, lineterminator="\n")
        self._rows.writerow(self._columns)

    def write(self, answer: Prediction | Failure) -> None:
        """Write one row."""
        record = row(answer)
        self._rows.writerow([_cell(name, record.get(name)) for name in self._columns])
        self._out.flush()

    def close(self) -> None:
        """Nothing follows the last row."""


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = " ".join(value)
    return csv_cell(name, value)


class TableWriter:
    """All labels with bars for one recording, one line each for several."""

    def __init__(self, out: TextIO, labels: Sequence[str]) -> None:  # noqa: ARG002
        self._out = out
        self._answers: list[Prediction | Failure] = []

    def write(self, answer: Prediction | Failure) -> None:
        """Keep the answer until all are there."""
        self._answers.append(answer)

    def close(self) -> None:
        """Draw the table."""
        console = open_console(self._out)
        match self._answers:
            case []:
                pass
            case [Prediction() as only]:
                _draw_one(console, only)
            case answers:
                _draw_many(console, answers)


WRITERS: dict[str, type[Writer]] = {
    "table": TableWriter,
    "json": JsonWriter,
    "jsonl": JsonlWriter,
    "csv": CsvWriter,
}


@contextmanager
def open_writer(name: str, out: TextIO, labels: Sequence[str]) -> Iterator[Writer]:
    """Give the writer of a format, and close it whatever happens, so that JSON stays JSON.

    Args:
        name: table, json, jsonl or csv.
        out: where the answers go.
        labels: every label that may be answered, in the order of the model.

    Raises:
        ConfigError: no such format.
    """
    if name not in WRITERS:
        raise ConfigError(f"no format is called '{name}'{did_you_mean(name, WRITERS)}")
    writer = WRITERS[name](out, labels)
    try:
        yield writer
    finally:
        writer.close()


def _draw_one(console: Console, prediction: Prediction) -> None:
    from rich.text import Text

    heading = Text(_name(prediction), style="bold")
    heading.append(f"  {_duration(prediction)}, model {prediction.model}", style="dim")
    if prediction.purpose is not None:
        heading.append(f", purpose: {prediction.purpose}", style="dim")
    console.print(heading)
    table = plain_table(show_header=False)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    for rank, item in enumerate(prediction.predictions):
        style = "" if rank else "bold"
        percent = Text(f"{item.score:.1%}", style=style)
        table.add_row(Text(item.label, style=style), _bar(console, item.score), percent)
    print_table(console, table)
    if prediction.out_of_domain:
        said = "uncertain: out of domain, unlike the recordings that the model learnt from"
        console.print(Text(said, style="yellow"))
    elif prediction.uncertain:
        console.print(Text(f"uncertain: {_too_little(prediction)}", style="yellow"))
    if prediction.prediction_set is not None and len(prediction.prediction_set) > 1:
        console.print(Text(f"likely one of: {', '.join(prediction.prediction_set)}"))
    if prediction.intensity is not None:
        console.print(Text(f"intensity: {prediction.intensity:.2f} of 1"))
    if prediction.left_out is not None:
        console.print(Text(f"left out by the smaller vocabulary: {prediction.left_out:.1%}"))


def _draw_many(console: Console, answers: Sequence[Prediction | Failure]) -> None:
    from rich.text import Text

    predictions = [item for item in answers if isinstance(item, Prediction)]
    table = plain_table()
    table.add_column("recording", overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("emotion", overflow="fold")
    table.add_column("confidence", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    if len(predictions) < len(answers) or any(map(_doubt, predictions)):
        table.add_column("", overflow="fold")
    for item in answers:
        if isinstance(item, Failure):
            said = Text(f"failed: {printable(item.reason)}", style="red")
            table.add_row(Text(_name(item)), "-", "-", "", "", said)
            continue
        cells = [
            Text(_name(item)),
            Text(_duration(item)),
            Text(item.emotion, style="bold"),
            _bar(console, item.confidence),
            Text(f"{item.confidence:.1%}"),
        ]
        cells.append(Text(_doubt(item), style="yellow"))
        table.add_row(*cells)
    print_table(console, table)
    stated = {item.purpose for item in predictions} - {None}
    if stated:
        console.print(Text(f"purpose: {', '.join(sorted(map(str, stated)))}", style="dim"))


def _too_little(prediction: Prediction) -> str:
    left_out = prediction.left_out or 0.0
    among_all = " among all labels" if left_out else ""
    return f"{prediction.confidence * (1.0 - left_out):.1%}{among_all} is below the threshold"


def _doubt(prediction: Prediction) -> str:
    said = {"uncertain": prediction.uncertain, "out of domain": prediction.out_of_domain}
    return ", ".join(text for text, holds in said.items() if holds)


def _bar(console: Console, share: float) -> Text:
    from rich.text import Text

    full, empty = ("█", "░") if console.encoding.startswith("utf") else ("#", ".")
    filled = round(share * _BAR_WIDTH)
    return Text(full * filled, style="cyan").append(empty * (_BAR_WIDTH - filled), style="dim")


def _name(answer: Prediction | Failure) -> str:
    names = {None: "array", "-": "standard input"}
    return printable(names.get(answer.path, answer.path or ""))


def _duration(prediction: Prediction) -> str:
    if prediction.duration_s < 60.0:
        return f"{prediction.duration_s:.1f} s"
    minutes, seconds = divmod(round(prediction.duration_s), 60)
    return f"{minutes} min {seconds:02d} s"
