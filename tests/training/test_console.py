from __future__ import annotations

import logging
import warnings

import pytest

from affekt.training.console import plain_story, reading_bar


def test_advice_is_kept_off_the_screen_and_warnings_are_not():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with plain_story():
            warnings.warn("The 'train_dataloader' does not have many workers", stacklevel=1)
            warnings.warn("Checkpoint directory /a/b exists and is not empty.", stacklevel=1)
            warnings.warn("The loss is not finite", stacklevel=1)
    assert [str(item.message) for item in shown] == ["The loss is not finite"]


def test_levels_are_put_back_even_after_a_failure():
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "torch.onnx")]
    before = [logger.level for logger in loggers]

    def fail():
        with plain_story():
            assert not loggers[0].isEnabledFor(logging.INFO)
            assert loggers[0].isEnabledFor(logging.WARNING)
            assert not loggers[1].isEnabledFor(logging.WARNING)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [logger.level for logger in loggers] == before


def test_no_bar_is_drawn_where_none_is_wanted(capsys):
    with reading_bar(show=False) as progress:
        assert progress is None
    assert capsys.readouterr() == ("", "")


def test_a_bar_goes_to_standard_error(capsys):
    with reading_bar(show=True) as progress:
        progress(1, 2)
        progress(2, 2)
    assert capsys.readouterr().out == ""
