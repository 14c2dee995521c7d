"""Commands are called outside any checkout: no test leaves a row in the project's own log."""

import pytest


@pytest.fixture(autouse=True)
def outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
