"""The feature sets, by name: those that published systems take, and each feature alone.

Every set turns a mono signal at 16 kHz, however short, into an array of one fixed shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from affekt.audio import fix_length, trim
from affekt.errors import AudioError, ConfigError, did_you_mean
from affekt.features.cepstra import mfcc, textbook_mfcc
from affekt.features.chroma import N_CHROMA, chroma
from affekt.features.descriptors import frame_energy, rms, zero_crossing_rate
from affekt.features.images import spectrogram_image
from affekt.features.single import SINGLE_FEATURES
from affekt.features.spectra import FloatArray
from affekt.features.stft import Stft, power_to_db

SAMPLING_RATE_HZ = 16000

_TRIM_DB = 30.0
_FLAT_SAMPLES = 3 * SAMPLING_RATE_HZ
_FLAT_FRAMES = 1 + _FLAT_SAMPLES // 512


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """What a model takes in, and how it is made of sound.

    Attributes:
        name: as recipes, model files and the command line call it.
        shape: of one utterance; fixed.
        form: "vector", "matrix", "planes" (several matrices) or "image" (grey, 0 to 1).
        description: the formula in words; what a text says and what was inferred.
        columns: names of the entries of a vector, of the coefficients of a matrix, of the planes;
            none for an image.
        compute: turns a mono float32 signal at 16 kHz, at least one sample long, into float32
            values of `shape`; may be called by several threads at once. Raises AudioError where
            a value is not finite.
        version: raised when values change; part of every cache key.
    """

    name: str
    shape: tuple[int, ...]
    form: Literal["vector", "matrix", "planes", "image"]
    description: str
    columns: tuple[str, ...]
    compute: Callable[[FloatArray], FloatArray]
    version: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "compute", partial(_finite, self.compute))


def _finite(compute: Callable[[FloatArray], FloatArray], signal: FloatArray) -> FloatArray:
    """Compute features, and refuse a signal of which a value becomes infinite or no number."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        values = compute(signal)
    if not np.isfinite(values).all():
        raise AudioError(
            "its features are no finite numbers, for its level is far beyond full scale: scale it "
            "to -1 to 1"
        )
    return values


def find_feature_set(name: str) -> FeatureSet:
    """Return a feature set by its name.

    Raises:
        ConfigError: there is none of this name.
    """
    try:
        return FEATURE_SETS[name]
    except KeyError:
        raise ConfigError(f"no feature set {name!r}{did_you_mean(name, FEATURE_SETS)}") from None


def _mfcc_mel_mean(signal: FloatArray) -> FloatArray:
    stft = Stft(signal)
    return np.concatenate([mfcc(stft, 13).mean(axis=0), stft.mel().mean(axis=0)])


def _mfcc_40x128(signal: FloatArray) -> FloatArray:
    coefficients = mfcc(Stft(trim(signal, SAMPLING_RATE_HZ, top_db=_TRIM_DB)), 40)
    return np.ascontiguousarray(fix_length(coefficients, 128, axis=0, mode="edge").T)


def _planes_512x90(signal: FloatArray) -> FloatArray:
    stft = Stft(trim(signal, SAMPLING_RATE_HZ, top_db=_TRIM_DB), n_fft=1023)
    bands = stft.mel(512)
    planes = np.stack(
        [
            power_to_db(stft.power, ref=float(stft.power.max())).T,
            bands.T,
            power_to_db(bands, ref=float(bands.max())).T,
        ]
    )
    return np.ascontiguousarray(fix_length(planes, 90, mode="edge"))


def _vector_162(signal: FloatArray) -> FloatArray:
    stft = Stft(signal)
    return np.concatenate(
        [
            zero_crossing_rate(stft).mean(keepdims=True),
            chroma(stft, stft.magnitude).mean(axis=0),
            mfcc(stft, 20).mean(axis=0),
            rms(stft).mean(keepdims=True),
            stft.mel().mean(axis=0),
        ]
    )


def _mfcc_zcr_energy(signal: FloatArray) -> FloatArray:
    stft = Stft(fix_length(signal, _FLAT_SAMPLES))
    return np.concatenate([mfcc(stft, 13).ravel(), zero_crossing_rate(stft), frame_energy(stft)])


def _mfcc_matrix(signal: FloatArray) -> FloatArray:
    return np.ascontiguousarray(fix_length(textbook_mfcc(signal), 333, axis=0))


def _spectrogram_image(signal: FloatArray) -> FloatArray:
    return spectrogram_image(Stft(signal, n_fft=1024, hop_length=256), 260, 270)


def _numbered(name: str, count: int) -> tuple[str, ...]:
    width = len(str(count))
    return tuple(f"{name}_{number:0{width}d}" for number in range(1, count + 1))


def _flat_columns() -> tuple[str, ...]:
    frames = _numbered("frame", _FLAT_FRAMES)
    coefficients = [f"{frame}_{name}" for frame in frames for name in _numbered("mfcc", 13)]
    return (
        *coefficients,
        *(f"{frame}_zcr" for frame in frames),
        *(f"{frame}_energy" for frame in frames),
    )


_PUBLISHED = (
    FeatureSet(
        name="mfcc-mel-mean",
        shape=(141,),
        form="vector",
        description=(
            "Means over time of 13 MFCC and of 128 mel bands (power). Fourier length 2048, hop "
            "512, Hann window. MFCC: DCT-II of the 128 mel bands in dB, cut 80 dB below the clip's "
            "maximum. The text says 13 mel and 128 MFCC, which is taken to be swapped; that means "
            "are taken is inferred from one vector a file."
        ),
        columns=(*_numbered("mfcc", 13), *_numbered("mel", 128)),
        compute=_mfcc_mel_mean,
    ),
    FeatureSet(
        name="mfcc-40x128",
        shape=(40, 128),
        form="matrix",
        description=(
            "40 MFCC (rows) in 128 frames (columns); ends more than 30 dB below the loudest frame "
            "are cut off first, the last frame is repeated up to 128, and what is longer is cut. "
            "The text says 40 coefficients, 128 frames, edge padding, 30 dB; Fourier length 2048, "
            "hop 512 and 128 mel bands are inferred from the library it names."
        ),
        columns=_numbered("mfcc", 40),
        compute=_mfcc_40x128,
    ),
    FeatureSet(
        name="planes-512x90",
        shape=(3, 512, 90),
        form="planes",
        description=(
            "Three planes of 512 rows (low first) by 90 frames: the spectrogram in dB, the output "
            "of 512 mel filters (power, no logarithm), and the same in dB; dB are below the "
            "plane's maximum, cut at -80. Window 1023, hop 512; ends more than 30 dB below the "
            "loudest frame are cut off first, the last frame is repeated up to 90, what is longer "
            "is cut. The text says 1023, 512, 90, edge, 30 dB; the rest is inferred. About half of "
            "the 512 filters are narrower than two bins and always zero."
        ),
        columns=("spectrogram_db", "mel_filterbank", "mel_spectrogram_db"),
        compute=_planes_512x90,
    ),
    FeatureSet(
        name="vector-162",
        shape=(162,),
        form="vector",
        description=(
            "Means over time of the zero-crossing rate (1), chroma of the magnitude with the "
            "tuning estimated (12, C first), MFCC (20), RMS (1) and mel bands (128, power). "
            "Fourier length 2048, hop 512, Hann window, 128 mel bands, as librosa's defaults are. "
            "The text gives the names and the number 162; the split is inferred from it."
        ),
        columns=(
            "zcr",
            *_numbered("chroma", N_CHROMA),
            *_numbered("mfcc", 20),
            "rms",
            *_numbered("mel", 128),
        ),
        compute=_vector_162,
    ),
    FeatureSet(
        name="mfcc-zcr-energy",
        shape=(1410,),
        form="vector",
        description=(
            "The clip is cut or filled up with zeros to 3.0 s, 94 frames: 13 MFCC, frame after "
            "frame, then the zero-crossing rate and then the energy of each frame, which is the "
            "sum of squares over the frame length. The text says flattened MFCC, zero-crossing "
            "rate and energy; 13, 3.0 s, Fourier length 2048 and hop 512 are inferred."
        ),
        columns=_flat_columns(),
        compute=_mfcc_zcr_energy,
    ),
    FeatureSet(
        name="mfcc-matrix",
        shape=(333, 13),
        form="matrix",
        description=(
            "13 MFCC (columns) of frames (rows): pre-emphasis 0.97, frames of 30 ms every 15 ms, "
            "Hamming window, Fourier length 512, power, 40 mel filters, natural logarithm, "
            "orthonormal DCT-II. Zero rows are appended up to 333 frames (5.0 s), what is longer "
            "is cut. The text gives the steps, 20 to 30 ms, and padding to the longest clip; "
            "every other number is inferred."
        ),
        columns=_numbered("mfcc", 13),
        compute=_mfcc_matrix,
    ),
    FeatureSet(
        name="spectrogram-image-270x260",
        shape=(260, 270),
        form="image",
        description=(
            "Grey-scale picture, 260 rows (frequency from 0 to 8 kHz, low at the bottom) by 270 "
            "columns (time, the whole clip over the width): Fourier length 1024, hop 256, dB below "
            "the maximum, -80 dB is 0 (black) and the maximum 1, resized bilinearly. The text says "
            "grey scale and 270 by 260; the rest is inferred."
        ),
        columns=(),
        compute=_spectrogram_image,
    ),
)

_ALONE = tuple(
    FeatureSet(
        name=item.name,
        shape=(item.size,),
        form="vector",
        description=f"{'Mean' if item.size == 1 else 'Means'} over time of {item.description}.",
        columns=_numbered(item.column, item.size) if item.size > 1 else (item.column,),
        compute=item.mean,
    )
    for item in SINGLE_FEATURES
)

FEATURE_SETS: dict[str, FeatureSet] = {
    features.name: features for features in (*_PUBLISHED, *_ALONE)
}
