"""`affekt models`: the models at hand, their terms, their figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from affekt.cli.saying import echo, say
from affekt.errors import BundleError
from affekt.recognition import Bundle, BundleMetadata, shipped_bundles, terms_line
from affekt.recognition.bundles import (
    DEFAULT,
    SHIPPED,
    active_model,
    install_model,
    installed_bundles,
    roll_back,
    use_model,
)

_WIDTH = 100


@click.group(invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """Show the models at hand and their terms, install others, and say which one is in use.

    The weights have a licence of their own, apart from the code's; `affekt models show NAME`
    prints it in full. The service runs the model in use; other commands do with --model active.
    """
    if ctx.invoked_subcommand is None:
        _list()


@models.command("list")
def list_() -> None:
    """List the models at hand, and which one is in use."""
    _list()


@models.command()
@click.argument("source", metavar="FILE|URL")
@click.option("--sha256", metavar="HEX", help="What the file's checksum must be.")
@click.option("--name", help="What to call it; without it, its own name and version.")
def install(source: str, sha256: str | None, name: str | None) -> None:
    """Take a bundle into the folder of installed models, after it kept a bundle's contract.

    The folder is $AFFEKT_MODELS, or ~/.local/share/affekt/models. Nothing changes for those who
    ask the service until `affekt models use`, and a start of the service after it.
    """
    installed = install_model(source, sha256=sha256, name=name)
    echo(f"installed {installed}; put it to use with: affekt models use {installed}")


@models.command()
@click.argument("model", metavar="NAME[@VERSION]|PATH")
def use(model: str) -> None:
    """Put a model to use; the service runs it from its next start on."""
    echo(f"in use: {model} ({use_model(model)})")


@models.command()
def rollback() -> None:
    """Put the model to use again that was in use before."""
    echo(f"in use: {roll_back()}")


@models.command()
@click.argument("model", metavar="NAME[@VERSION]|PATH")
def show(model: str) -> None:
    """Print the card of a model: data, terms, figures, what it is not for."""
    echo(_card(Bundle.load(model)), nl=False)


def _list() -> None:
    known = {**installed_bundles(), **shipped_bundles()}
    if not shipped_bundles():
        say("no models came with this installation", prefix="")
    active = active_model()
    if active not in known and (known or active != DEFAULT):
        known[active] = Path(active)
    for name in sorted(known, key=lambda name: (name not in SHIPPED, name)):
        try:
            bundle = Bundle.load(known[name])
        except BundleError as error:
            say(f"{name} is left out: {error}")
        else:
            echo(_summary(name, bundle, in_use=name == active))


def _summary(name: str, bundle: Bundle, *, in_use: bool) -> str:
    metadata = bundle.metadata
    formatter = click.HelpFormatter(width=_WIDTH)
    formatter.write(f"{name} {metadata.version}\n")
    with formatter.indentation():
        formatter.write_dl(
            [
                ("labels", f"{len(metadata.labels)}: {', '.join(metadata.labels)}"),
                ("size", _size(bundle)),
                ("licence", metadata.licence),
                *((("terms", line),) if (line := terms_line(metadata)) else ()),
                ("trained on", ", ".join(str(item["corpus"]) for item in metadata.training_data)),
                *(
                    (f"UA % {protocol}", _percent(shares))
                    for protocol, shares in metadata.recalls.items()
                ),
                *((("in use", "yes"),) if in_use else ()),
            ]
        )
    return formatter.getvalue()


def _card(bundle: Bundle) -> str:
    metadata = bundle.metadata
    formatter = click.HelpFormatter(width=_WIDTH)
    formatter.write(f"{metadata.title}\n")
    formatter.write_paragraph()
    formatter.write_text(metadata.description)
    sections: dict[str, Iterable[tuple[str, str]]] = {
        "Model": (
            ("labels", ", ".join(metadata.labels)),
            ("front end", _front_end(metadata)),
            ("uncertain below", f"{metadata.threshold:g}"),
            ("temperature", f"{metadata.temperature:g}"),
            ("created", metadata.created),
            ("size", _size(bundle)),
            ("file", str(bundle.path)),
            ("SHA-256", bundle.sha256),
        ),
        "Trained on": (
            (str(item["corpus"]), _text({key: item[key] for key in item if key != "corpus"}))
            for item in metadata.training_data
        ),
        "Speakers held out": _rows(metadata.held_out),
        "Figures": _rows(metadata.figures),
        "Over a telephone": _over_a_telephone(bundle),
        "Recipe": _rows(metadata.recipe),
        "Not for": (("-", use) for use in metadata.not_for),
    }
    for heading, rows in sections.items():
        listed = list(rows)
        if listed:
            with formatter.section(heading):
                formatter.write_dl(listed)
    formatter.write(f"\nLicence of the weights: {metadata.licence}\n\n")
    formatter.write(bundle.licence_text.rstrip() + "\n")
    return formatter.getvalue()


def _over_a_telephone(bundle: Bundle) -> Iterable[tuple[str, str]]:
    """Return what narrow-band sound costs a shipped model, as its report has it."""
    found = json.loads((files("affekt") / "weights" / "measured.json").read_text("utf-8"))
    if bundle.sha256 not in found:
        return []
    line = found[bundle.sha256]["telephone"]
    return [
        (
            "UA %",
            f"{100 * line['ua']:.1f}; {100 * line['ua_clean']:.1f} of the same clips as they are",
        ),
        (
            "measured",
            f"{line['condition']}; {line['clips']} clips, mean over {line['corpora']} corpora",
        ),
    ]


def _front_end(metadata: BundleMetadata) -> str:
    features = metadata.feature_set
    if features is None:
        return "in the graph"
    shape = " x ".join(str(size) for size in features.shape)
    return f"the feature set {features.name} ({shape}), computed from the waveform"


def _percent(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {100 * share:.1f}" for name, share in shares.items())


def _rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(key), _text(value)) for key, value in values.items()]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key} ({_text(item)})" if isinstance(item, Mapping) else f"{key} {_text(item)}"
            for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _size(bundle: Bundle) -> str:
    return f"{bundle.size_bytes / 1e6:.1f} MB"
