"""The terms of a model in one line, for whoever uses it without having read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from affekt.recognition.bundles import BundleMetadata

# Licences of recordings under which it is not settled that a model may be passed on at all.
_DIFFICULT = {
    "CC-BY-NC-ND-4.0": "no derivatives",
    "LicenseRef-CASIA": "no open licence",
    "LicenseRef-SAVEE": "on registration",
}


class EncoderTerms(NamedTuple):
    """A published encoder that a model may begin with.

    Attributes:
        name: of the encoder, and who published it.
        licence: its SPDX name.
        notice: what must travel with the weights.
    """

    name: str
    licence: str
    notice: str


_WHISPER = EncoderTerms(
    name="Whisper base, OpenAI",
    licence="MIT",
    notice="""\
The weights begin with the encoder of Whisper base, which is under the MIT licence:

Copyright (c) 2022 OpenAI

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
""",
)


def encoder_terms(recipe: Mapping[str, Any]) -> EncoderTerms | None:
    """Return the terms of the encoder that a recipe begins with; None where it begins with none.

    Args:
        recipe: as plain types.
    """
    named = recipe.get("model", {}).get("name") == "whisper-base"
    return _WHISPER if named and recipe.get("fit", {}).get("start_from") else None


def terms_line(metadata: BundleMetadata) -> str | None:
    """Return what somebody must know of a model's terms; None where no source is difficult."""
    sources = [
        f"{item['corpus']} ({_DIFFICULT[item['licence']]})"
        for item in metadata.training_data
        if item.get("licence") in _DIFFICULT
    ]
    if not sources:
        return None
    return (
        f"{metadata.name} is for research and other non-commercial use; it learnt from recordings "
        f"whose terms may not allow more: {', '.join(sources)}"
    )
