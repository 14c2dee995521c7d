"""Working side by side: threads, processes, and locks between them."""

from affekt.parallel.locks import only_one
from affekt.parallel.processes import run_in_processes
from affekt.parallel.threads import Workers, within

__all__ = ["Workers", "only_one", "run_in_processes", "within"]
