"""The recognizer: from any recording to an emotion."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self, Unpack

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, AudioSource, Signal, Window, decode_blocks, from_array
from affekt.emotions import reduce_vocabulary
from affekt.errors import AffektError, AudioError, ConfigError, did_you_mean
from affekt.metrics import prediction_sets
from affekt.recognition.bundles import Bundle, Floats, Outputs
from affekt.recognition.clips import WHOLE_S, predict_blocks, windows_of
from affekt.recognition.explain import Explanation, explained, read_stretch, relevance_hop_s
from affekt.recognition.options import Failure, Options, check_mix
from affekt.recognition.purpose import check_purpose, stamp
from affekt.recognition.stream import ranked
from affekt.recognition.timeline import TimelineOptions, make_timeline
from affekt.records import Prediction, Score, Timeline


class Recognizer:
    """Recognises emotions with one bundle; may be shared between threads.

    ```python
    recognizer = Recognizer.load()
    print(recognizer.predict("speech.wav").emotion)
    ```

    Attributes:
        bundle: the model.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    @classmethod
    def load(cls, model: str | Path = "default", *, threads: int | None = 1) -> Self:
        """Open a model.

        Args:
            model: name of a shipped or installed bundle, `default@1.1` for one release of it, or
                path of a bundle file.
            threads: for one clip; None lets ONNX Runtime take every core.

        Raises:
            BundleError: there is no such model, or it is not one of ours.
            ConfigError: `threads` is below 1.
        """
        return cls(Bundle.load(model, threads=threads))

    def labels(self, emotions: int | None = None) -> tuple[str, ...]:
        """Return every label that can be answered, in the model's or the vocabulary's order.

        Args:
            emotions: vocabulary of 8, 7, 6 or 4 labels; None is the model's own.

        Raises:
            ConfigError: no such vocabulary, or the model knows none of its labels.
        """
        own = self.bundle.metadata.labels
        if emotions is None:
            return own
        return reduce_vocabulary(np.full(len(own), 1.0 / len(own)), own, emotions)[1]

    def threshold(self, wanted: float | None = None) -> float:
        """Return the confidence below which an answer is uncertain: the wanted, or the model's.

        Raises:
            ConfigError: the wanted one does not lie in 0 to 1.
        """
        if wanted is None:
            return self.bundle.metadata.threshold
        if not 0.0 <= wanted <= 1.0:
            raise ConfigError(f"threshold must lie in 0 to 1: {wanted}")
        return wanted

    def __call__(
        self, signal: npt.ArrayLike, sampling_rate: int, **options: Unpack[Options]
    ) -> Prediction:
        """Recognise samples that are in memory.

        Args:
            signal: `[samples]` or `[samples, channels]`; float with full scale at 1.0, or
                integers of 8, 16 or 32 bits.
            sampling_rate: in Hz.
            **options: see `Options`.

        Raises:
            AudioError: the samples are no recording.
            ConfigError: an option is impossible, or channels take turns.
        """
        self._check(options)
        if options.get("track") is not None:
            raise ConfigError("samples in memory have no sound tracks: leave track out")
        audio = from_array(
            signal,
            sampling_rate,
            channel=options.get("channel"),
            refuse_calls=not options.get("mix"),
        )
        outputs, notes = self._predict_blocks(iter([audio.signal]), name="<array>")
        return self._prediction(
            outputs,
            options,
            path=None,
            duration_s=audio.duration_s,
            sampling_rate_hz=audio.source_rate_hz,
            channels=audio.source_channels,
            warnings=(*audio.warnings, *notes),
        )

    def predict(self, source: AudioSource, **options: Unpack[Options]) -> Prediction:
        """Recognise a recording.

        Args:
            source: a path, "-" for standard input, the bytes of a file, or a binary file object.
            **options: see `Options`.

        Raises:
            AudioError: it cannot be read, or holds nothing to recognise; the remedy is said.
            MissingExtraError: its format needs PyAV, which is not installed.
            ConfigError: an option is impossible, or channels take turns.
        """
        self._check(options)
        with decode_blocks(
            source,
            block_s=WHOLE_S,
            channel=options.get("channel"),
            track=options.get("track"),
            refuse_calls=not options.get("mix"),
        ) as reader:
            outputs, notes = self._predict_blocks(reader, name=reader.label)
            return self._prediction(
                outputs,
                options,
                path=os.fspath(source) if isinstance(source, str | os.PathLike) else None,
                duration_s=reader.duration_s,
                sampling_rate_hz=reader.source_rate_hz,
                channels=reader.source_channels,
                warnings=(*reader.warnings, *notes),
            )

    def predict_many(
        self, paths: Iterable[str | Path], **options: Unpack[Options]
    ) -> Iterator[Prediction | Failure]:
        """Recognise recordings one after the other; a bad one does not end the run.

        Args:
            paths: the recordings.
            **options: see `Options`.

        Yields:
            A prediction, or a failure, for every path in its order.

        Raises:
            ConfigError: an option is impossible, or `paths` is a single one; raised before the
                first recording is opened.
        """
        if isinstance(paths, str | os.PathLike):
            raise ConfigError(f"predict_many takes several paths; for {paths} alone use predict")
        self._check(options)
        return (self._try(path, options) for path in paths)

    def explain(
        self,
        source: AudioSource,
        *,
        channel: int | None = None,
        mix: bool = False,
        start_s: float | None = None,
        end_s: float | None = None,
        purpose: str | None = None,
        consented: bool = False,
    ) -> Explanation:
        """Recognise a recording of up to 5 minutes, and say where in it the answer came from.

        A recording of up to 10 s is explained whole; a longer one window by window, each window
        weighing by its length, as in the answer.

        Args:
            source: as in `predict`.
            channel: counted from 0; None is the mean of all.
            mix: see `Options`.
            start_s: beginning of a stretch of the recording, which is then treated as if it were
                the whole; None is the recording's.
            end_s: its end; None is the recording's.
            purpose: see `Options`.
            consented: likewise.

        Raises:
            AudioError: it cannot be read, holds nothing to recognise, or is too long.
            ConfigError: the model gives no relevance, for a feature set is its front end; the
                purpose is unknown; or channels take turns.
        """
        check_purpose(purpose, consented=consented)
        relevance_hop_s(self.bundle)
        check_mix(channel, mix=mix)
        audio = read_stretch(source, channel=channel, mix=mix, start_s=start_s, end_s=end_s)
        name = os.fspath(source) if isinstance(source, str | os.PathLike) else None
        step = round(WHOLE_S * SAMPLING_RATE_HZ)
        blocks = [audio.signal[k : k + step] for k in range(0, audio.signal.size, step)]
        outputs, notes = self._predict_blocks(iter(blocks), name=name or "<recording>")
        prediction = self._prediction(
            outputs,
            {"purpose": purpose, "consented": consented},
            path=name,
            duration_s=audio.duration_s,
            sampling_rate_hz=audio.source_rate_hz,
            channels=audio.source_channels,
            warnings=(*audio.warnings, *notes),
        )
        whole = Window(start_s=0.0, end_s=audio.duration_s, signal=audio.signal)
        windows = windows_of(blocks) if len(blocks) > 1 else [whole]
        return explained(self.bundle, prediction, audio, windows, start_s=start_s or 0.0)

    def timeline(self, source: AudioSource, **options: Unpack[TimelineOptions]) -> Timeline:
        """Follow the emotions of a long recording, in memory that does not grow with its length.

        Args:
            source: path, "-" for standard input, open binary file or bytes; a call whose channels
                are named must be a path or bytes, which are read once a channel.
            **options: see `TimelineOptions`.

        Raises:
            AudioError: not a recording that can be read.
            ConfigError: an option is impossible.
        """
        return make_timeline(self, source, **options)

    def _try(self, path: str | Path, options: Options) -> Prediction | Failure:
        try:
            return self.predict(path, **options)
        except AffektError as error:
            return Failure(path=os.fspath(path), error=error)
        except (OSError, MemoryError) as error:
            reason = f"{path}: cannot be recognised: {error or 'it needs more memory'}"
            return Failure(path=os.fspath(path), error=AudioError(reason))

    def _check(self, options: Options) -> None:
        for name in options:
            if name not in Options.__annotations__:
                raise ConfigError(
                    f"no option is called '{name}'{did_you_mean(name, Options.__annotations__)}"
                )
        self.threshold(options.get("threshold"))
        top_k = options.get("top_k")
        if top_k is not None and top_k < 1:
            raise ConfigError(f"top_k must be 1 or more: {top_k}")
        self.labels(options.get("emotions"))
        check_mix(options.get("channel"), mix=options.get("mix"))
        check_purpose(options.get("purpose"), consented=options.get("consented"))

    def probabilities(self, signal: Signal) -> Floats:
        """Return the probabilities `[classes]` of a mono signal at 16 kHz, taken as it is."""
        probabilities: Floats = self.outputs(signal).probabilities[0]
        return probabilities

    def outputs(self, signal: Signal) -> Outputs:
        """Return all that the model answers to a mono signal at 16 kHz, taken as it is."""
        return self.bundle.run(signal[np.newaxis])

    def _predict_blocks(
        self, blocks: Iterator[Signal], *, name: str
    ) -> tuple[Outputs, tuple[str, ...]]:
        return predict_blocks(blocks, self.outputs, name=name)

    def _prediction(
        self,
        outputs: Outputs,
        options: Options,
        *,
        path: str | None,
        duration_s: float,
        sampling_rate_hz: int,
        channels: int,
        warnings: tuple[str, ...],
    ) -> Prediction:
        metadata = self.bundle.metadata
        probabilities = outputs.probabilities[0]
        novelty = None if outputs.novelty is None else float(outputs.novelty[0, 0])
        inside = self._inside(probabilities)
        labels, left_out = metadata.labels, None
        if (emotions := options.get("emotions")) is not None:
            probabilities, labels, left_out = reduce_vocabulary(probabilities, labels, emotions)
        scores = ranked(probabilities, labels)
        best = scores[0]
        out_of_domain = None if novelty is None else outputs.out_of_domain
        # A smaller vocabulary makes no answer surer: what it leaves out counts as before.
        of_all = best.score * (1.0 - (left_out or 0.0))
        prediction_set = None if inside is None else _among(scores, inside)
        uncertain = (
            bool(out_of_domain)
            or prediction_set == ()
            or of_all < self.threshold(options.get("threshold"))
        )
        return Prediction(
            path=path,
            duration_s=duration_s,
            sampling_rate_hz=sampling_rate_hz,
            channels=channels,
            model=metadata.title,
            emotion=best.label,
            confidence=best.score,
            uncertain=uncertain,
            predictions=scores[: options.get("top_k")],
            # Where the whole set was left out, the answer is all there is to say.
            prediction_set=(best.label,) if prediction_set == () else prediction_set,
            out_of_domain=out_of_domain,
            novelty=novelty,
            intensity=None if outputs.intensity is None else float(outputs.intensity[0, 0]),
            left_out=left_out,
            purpose=stamp(options.get("purpose"), consented=options.get("consented")),
            warnings=warnings,
        )

    def _inside(self, probabilities: Floats) -> set[str] | None:
        """The labels of the prediction set, all of the model's own; None where there is none."""
        rule = self.bundle.metadata.prediction_set
        if rule is None:
            return None
        (inside,) = prediction_sets(probabilities[np.newaxis], rule.quantile, rule=rule.rule)
        return {label for label, member in zip(self.labels(), inside, strict=True) if member}


def _among(scores: tuple[Score, ...], inside: set[str]) -> tuple[str, ...]:
    """Return what is left of a prediction set in a smaller vocabulary, most probable first."""
    kept = {item.label for item in scores}
    if "calm" not in kept and "calm" in inside:  # it has joined neutral
        inside = inside | {"neutral"}
    return tuple(item.label for item in scores if item.label in inside)
