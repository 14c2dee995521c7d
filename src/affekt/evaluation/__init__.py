"""Measuring a model under a protocol: runs, figures, reports, and the log of lockbox readings."""

from affekt.evaluation.answered import (
    constant_answers,
    unanswered,
    unknown_names,
)
from affekt.evaluation.figures import (
    ClassificationFigures,
    ClipPrediction,
    CorpusFigures,
    Scoring,
    classify,
    score_corpus,
)
from affekt.evaluation.log import (
    MEASURED,
    ORIGINS,
    Origin,
    Reading,
    append_reading,
    check_readings,
    checkout_of,
    commit_here,
    commit_of,
    log_reading,
)
from affekt.evaluation.overlap import training_clips
from affekt.evaluation.report import (
    Report,
    clips_digest,
    evaluate,
    report_of,
    tested_clips,
)
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
from affekt.evaluation.writers import (
    TRAINED_ON,
    WRITERS,
    leak_facts,
)

__all__ = [
    "MEASURED",
    "ORIGINS",
    "TRAINED_ON",
    "WRITERS",
    "Answers",
    "ClassificationFigures",
    "ClipPrediction",
    "ComparedModel",
    "ComparisonTable",
    "CorpusFigures",
    "Failure",
    "Origin",
    "Reading",
    "Report",
    "Scoring",
    "Source",
    "append_reading",
    "check_readings",
    "checkout_of",
    "classify",
    "clips_digest",
    "commit_here",
    "commit_of",
    "comparison_table",
    "constant_answers",
    "evaluate",
    "leak_facts",
    "log_reading",
    "open_source",
    "prediction_table",
    "read_predictions",
    "report_of",
    "run",
    "score_corpus",
    "tested_clips",
    "training_clips",
    "unanswered",
    "unknown_names",
    "write_prediction_tables",
    "write_report",
]
