"""Measuring a model under a protocol: runs, figures, reports, and the log of lockbox readings."""

from affekt.evaluation.log import append_reading, checkout_of, commit_of
from affekt.evaluation.report import Report, evaluate
from affekt.evaluation.runs import Answers, Failure, run
from affekt.evaluation.scoring import CorpusFigures, Scoring, score_corpus
from affekt.evaluation.writers import WRITERS

__all__ = [
    "WRITERS",
    "Answers",
    "CorpusFigures",
    "Failure",
    "Report",
    "Scoring",
    "append_reading",
    "checkout_of",
    "commit_of",
    "evaluate",
    "run",
    "score_corpus",
]
