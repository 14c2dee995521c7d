"""Freed memory stays with the process while it trains."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

import affekt

MODULE = Path(affekt.__file__).parent / "training" / "memory.py"  # without torch beside it
BLOCK = """
import resource, runpy, sys
module, how = sys.argv[1:]
if how == "keep":
    assert runpy.run_path(module)["keep_freed_memory"]()
for _ in range(4):
    b"x" * 64_000_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt belongs to glibc")
def test_blocks_that_are_freed_and_asked_for_again_cost_no_page_faults():
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", BLOCK, MODULE, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("keep") < faults("leave") / 2
