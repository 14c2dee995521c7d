from __future__ import annotations

import logging
import warnings
from types import SimpleNamespace

import pytest
import torch

from affekt.training.console import EpochLines, plain_story, reading_bar


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


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ({"loss_epoch": 1.25}, "epoch 3 of 9: loss 1.250, 0 s"),
        (
            {"loss_epoch": 0.5, "select_ua": 0.8251},
            "epoch 3 of 9: loss 0.500, select_ua 0.825, 0 s",
        ),
    ],
)
def test_an_epoch_is_one_line(figures, line):
    said = []
    lines = EpochLines(said.append)
    trainer = SimpleNamespace(
        callback_metrics={name: torch.tensor(value) for name, value in figures.items()},
        current_epoch=2,
        max_epochs=9,
    )
    lines.on_train_start(trainer, None)
    lines.on_train_epoch_start(trainer, None)
    lines.on_train_epoch_end(trainer, None)
    assert said == [line]


def test_no_bar_is_drawn_where_none_is_wanted(capsys):
    with reading_bar(show=False) as progress:
        assert progress is None
    assert capsys.readouterr() == ("", "")


def test_a_bar_goes_to_standard_error(capsys):
    with reading_bar(show=True) as progress:
        progress(1, 2)
        progress(2, 2)
    assert capsys.readouterr().out == ""
