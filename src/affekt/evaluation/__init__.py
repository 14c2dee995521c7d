"""Measuring a model under a protocol: runs, figures, reports, and the log of lockbox readings."""

from affekt.evaluation.figures import (
    ClassificationFigures,
    ClipPrediction,
    CorpusFigures,
    Scoring,
    classify,
    score_corpus,
)
from affekt.evaluation.log import (
    Reading,
    append_reading,
    check_readings,
    checkout_of,
    commit_here,
    commit_of,
    log_reading,
)
from affekt.evaluation.overlap import training_clips
from affekt.evaluation.report import Report, evaluate
from affekt.evaluation.run_report import (
    ComparedModel,
    ComparisonTable,
    comparison_table,
    prediction_table,
    read_predictions,
    write_prediction_tables,
    write_report,
)
from affekt.evaluation.runs import Answers, Failure, run
from affekt.evaluation.sources import Source, open_source
from affekt.evaluation.writers import WRITERS

__all__ = [
    "WRITERS",
    "Answers",
    "ClassificationFigures",
    "ClipPrediction",
    "ComparedModel",
    "ComparisonTable",
    "CorpusFigures",
    "Failure",
    "Reading",
    "Report",
    "Scoring",
    "Source",
    "append_reading",
    "check_readings",
    "checkout_of",
    "classify",
    "commit_here",
    "commit_of",
    "comparison_table",
    "evaluate",
    "log_reading",
    "open_source",
    "prediction_table",
    "read_predictions",
    "run",
    "score_corpus",
    "training_clips",
    "write_prediction_tables",
    "write_report",
]
