"""The quickstart notebook runs from top to bottom, and is kept without its outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "examples" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    return client.execute()


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [item for cell in notebook.cells for item in cell.get("outputs", ())]
    return "".join(item.get("text", "") for item in outputs if item.output_type == "stream")


def test_the_quickstart_notebook_runs(executed):
    said = printed(executed)
    assert "uncertain: " in said
    assert "left out " in said


def test_the_notebook_shows_that_a_missing_file_is_a_failure_and_no_end(executed):
    assert "failed: missing.wav: " in printed(executed)


def test_nothing_in_the_notebook_goes_to_standard_error(executed):
    outputs = [item for cell in executed.cells for item in cell.get("outputs", ())]
    assert [item.text for item in outputs if item.get("name") == "stderr"] == []


def test_the_notebook_is_kept_without_outputs():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert [(cell.execution_count, list(cell.outputs)) for cell in code] == [(None, [])] * len(code)
