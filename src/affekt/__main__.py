"""`python -m affekt` is the command `affekt`."""

from __future__ import annotations

from affekt.cli import main

main()
