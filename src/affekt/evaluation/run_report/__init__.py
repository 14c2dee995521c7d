"""The report of a training run: a page, tables and plots in a folder."""

from affekt.evaluation.run_report.files import (
    write_report,
)
from affekt.evaluation.run_report.tables import (
    ComparedModel,
    ComparisonTable,
    comparison_table,
    prediction_table,
    read_predictions,
    write_prediction_tables,
)

__all__ = [
    "ComparedModel",
    "ComparisonTable",
    "comparison_table",
    "prediction_table",
    "read_predictions",
    "write_prediction_tables",
    "write_report",
]
