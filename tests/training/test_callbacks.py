from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from affekt.training.callbacks import KeepHistory


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ({"loss": 1.25}, "epoch 3 of 9: loss 1.250, 0 s"),
        (
            {"loss": 0.5, "validation_ua": 0.8251},
            "epoch 3 of 9: loss 0.500, validation ua 0.825, 0 s",
        ),
    ],
)
def test_an_epoch_is_one_line(figures, line):
    said = []
    lines = KeepHistory(said.append)
    trainer = SimpleNamespace(
        callback_metrics={name: torch.tensor(value) for name, value in figures.items()},
        current_epoch=2,
        max_epochs=9,
        optimizers=[SimpleNamespace(param_groups=[{"lr": 0.1}])],
    )
    lines.on_train_start(trainer, None)
    lines.on_train_epoch_start(trainer, None)
    lines.on_train_epoch_end(trainer, None)
    assert said == [line]
