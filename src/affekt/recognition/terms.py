"""The terms of a model in one line, for whoever uses it without having read them."""

from __future__ import annotations

from affekt.recognition.bundles import BundleMetadata

# Licences of recordings under which it is not settled that a model may be passed on at all.
_DIFFICULT = {
    "CC-BY-NC-ND-4.0": "no derivatives",
    "LicenseRef-CASIA": "no open licence",
    "LicenseRef-SAVEE": "on registration",
}


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
