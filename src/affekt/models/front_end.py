"""The acoustic front end as part of a network: waveform to log-mel spectrum.

The Fourier transform of the frames is one strided convolution with windowed cosines and sines,
which every ONNX runtime executes, a browser's included.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affekt.features import LogMelConfig, hann_window, mel_filterbank


class LogMelFrontEnd(nn.Module):
    """Compute what `affekt.features.spectra.log_mel` computes, inside the graph.

    Only the Fourier bins that some mel band weighs are computed.
    """

    kernels: Tensor
    filterbank: Tensor

    def __init__(self, config: LogMelConfig) -> None:
        super().__init__()
        self.config = config
        filters = mel_filterbank(config)
        used = np.flatnonzero(filters.any(axis=0))
        samples = np.arange(config.window_length)
        phase = 2.0 * np.pi * np.outer(used, samples) / config.window_length
        window = hann_window(config.window_length)
        kernels = np.concatenate([np.cos(phase) * window, -np.sin(phase) * window])
        self.register_buffer("kernels", torch.from_numpy(kernels.astype(np.float32))[:, None])
        self.register_buffer("filterbank", torch.from_numpy(filters[:, used].copy()))

    def forward(self, waveform: Tensor) -> Tensor:
        """Map `[batch, samples]` (full scale 1) to log-mels `[batch, frames, mels]`."""
        pad = self.config.window_length // 2
        spectrum = functional.conv1d(
            waveform.unsqueeze(1), self.kernels, stride=self.config.hop_length, padding=pad
        )
        real, imaginary = spectrum.chunk(2, dim=1)
        power = real.square() + imaginary.square()
        mels = torch.matmul(self.filterbank, power)
        return torch.log(mels + self.config.floor).transpose(1, 2)
