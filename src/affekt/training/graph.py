"""What a bundle computes: the front end where the graph holds it, network, temperature."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from affekt.audio import SAMPLING_RATE_HZ
from affekt.features import FeatureSet, LogMelConfig
from affekt.models import Answer, LogMelFrontEnd
from affekt.recognition.bundles import INTENSITY_NAME, OUTPUT_NAMES
from affekt.training.data import Normalisation
from affekt.training.recipe import Recipe


class WaveformGraph(nn.Module):
    """Of waveforms: log-mel front end, network, temperature, softmax."""

    def __init__(self, network: nn.Module, features: LogMelConfig, *, temperature: float) -> None:
        super().__init__()
        self.front_end = LogMelFrontEnd(features)
        self.network = network
        self.temperature = temperature

    def forward(self, waveform: Tensor) -> tuple[Tensor, ...]:
        """Map `[batch, samples]` to probabilities, embedding, relevance, and any intensity."""
        answer = self.network(self.front_end(waveform))
        probabilities = torch.softmax(answer.logits / self.temperature, dim=1)
        given = probabilities, answer.embedding, answer.relevance
        return given if answer.intensity is None else (*given, answer.intensity)

    @torch.inference_mode()
    def output_names(self) -> tuple[str, ...]:
        """Return what the outputs are called in a bundle."""
        return (*OUTPUT_NAMES, INTENSITY_NAME)[: len(self(torch.zeros(1, SAMPLING_RATE_HZ)))]

    @torch.inference_mode()
    def answer(self, waveforms: npt.NDArray[np.float32]) -> tuple[Tensor, ...]:
        """Return what a bundle answers to waveforms `[batch, samples]`."""
        outputs: tuple[Tensor, ...] = self(torch.from_numpy(waveforms))
        return outputs


class FeatureGraph(nn.Module):
    """Of the features of a set: normalisation, network, temperature, softmax."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        network: nn.Module,
        features: FeatureSet,
        normalisation: Normalisation,
        *,
        temperature: float,
    ) -> None:
        super().__init__()
        self.network = network
        self.features = features
        self.temperature = temperature
        self.register_buffer("mean", torch.from_numpy(normalisation.mean))
        self.register_buffer("scale", torch.from_numpy(normalisation.scale))

    def forward(self, features: Tensor) -> tuple[Tensor]:
        """Map `[batch, *shape]` to probabilities `[batch, classes]`."""
        answer = self.network((features - self.mean) / self.scale)
        logits = answer.logits if isinstance(answer, Answer) else answer
        return (torch.softmax(logits / self.temperature, dim=1),)

    def output_names(self) -> tuple[str, ...]:
        """Return what the output is called in a bundle."""
        return OUTPUT_NAMES[:1]

    @torch.inference_mode()
    def answer(self, waveforms: npt.NDArray[np.float32]) -> tuple[Tensor, ...]:
        """Return what a bundle answers to waveforms `[batch, samples]`."""
        batch = np.stack([self.features.compute(row) for row in waveforms])
        outputs: tuple[Tensor, ...] = self(torch.from_numpy(batch))
        return outputs


Graph = WaveformGraph | FeatureGraph


def make_graph(
    network: nn.Module, normalisation: Normalisation, recipe: Recipe, temperature: float
) -> Graph:
    """Return what a bundle computes: of waveforms, or of features where a set computes these."""
    source = recipe.features.source
    if isinstance(source, LogMelConfig):
        return WaveformGraph(network, source, temperature=temperature).eval()
    return FeatureGraph(network, source, normalisation, temperature=temperature).eval()
