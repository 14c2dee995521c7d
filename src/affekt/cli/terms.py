"""Saying the terms of a model, once, to whoever uses it in a terminal."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress

from affekt.cli.saying import say
from affekt.places import cache_root
from affekt.recognition import BundleMetadata, terms_line


def say_terms_once(metadata: BundleMetadata, *, quiet: bool = False) -> None:
    """Print one line on standard error, if that is a terminal and never said it before.

    What was said is remembered among the caches; where it cannot be, it is said again.
    """
    line = terms_line(metadata)
    if quiet or line is None or sys.stderr is None or not sys.stderr.isatty():
        return
    said = cache_root() / "terms" / hashlib.sha256(line.encode()).hexdigest()[:16]
    if said.exists():
        return
    say(f"{line}. In full: affekt models show {metadata.name}")
    with suppress(OSError):
        said.parent.mkdir(parents=True, exist_ok=True)
        said.touch()
