"""The tab that explains the model, from what its file says of itself."""

from __future__ import annotations

import streamlit as st

from affekt.recognition import LAW_URL, NO_LEGAL_ADVICE, NOTICE_WORKPLACE, Bundle, BundleMetadata
from affekt.web.recordings import size_text
from affekt.web.session import plain


def show(bundle: Bundle) -> None:
    """Explain what the model is, how well it does, and what it must not be used for."""
    metadata = bundle.metadata
    st.header("What it is")
    st.write(plain(metadata.description))
    st.markdown(
        f"It answers with a probability for each of {len(metadata.labels)} emotions: "
        f"{', '.join(metadata.labels)}. A label is how a voice *sounds* to a model that learnt "
        "from recordings; it is not what a person feels. Below a probability of "
        f"{metadata.threshold:.0%} an answer is called uncertain."
    )
    st.header("What it must not be used for")
    st.markdown("\n".join(f"- {plain(use)}" for use in metadata.not_for))
    st.markdown(f"{NOTICE_WORKPLACE} {NO_LEGAL_ADVICE} [The law at EUR-Lex]({LAW_URL})")
    st.header("What it was trained on")
    st.markdown(_data_table(metadata))
    st.header("How well it does")
    for protocol, corpora in _recalls(metadata).items():
        condition = (
            ", on speakers who are not among its training speakers" if protocol == "lockbox" else ""
        )
        st.markdown(
            f"Measured under the protocol **{plain(protocol)}**{condition}. The unweighted average "
            "recall is the mean, over the emotions, of the share recognised: guessing gives about "
            "100 % divided by the number of emotions."
        )
        st.markdown(corpora)
    st.caption(
        "Figures hold for recordings like those. With spontaneous speech, other languages and "
        "other microphones expect worse, and measure before anybody depends on it."
    )
    st.header("Terms")
    st.markdown(f"Licence of the weights: **{plain(metadata.licence)}**")
    with st.expander("The terms in full"):
        st.text(bundle.licence_text)
    st.caption(
        f"{plain(metadata.title)}, made {metadata.created}, {size_text(bundle.size_bytes)}, "
        f"SHA-256 {bundle.sha256}"
    )
    st.header("What happens to recordings")
    st.write(
        "They are kept in the memory of the computer that runs this page for as long as the "
        "session lasts, are not written to a disk, and are sent nowhere else. When the page is "
        "closed they are dropped within a minute; “Forget everything” drops them at once."
    )


def _data_table(metadata: BundleMetadata) -> str:
    lines = ["| corpus | utterances | speakers | licence |", "|---|---|---|---|"]
    for item in metadata.training_data:
        cells = [str(item.get(key, "")) for key in ("corpus", "utterances", "speakers", "licence")]
        lines.append("| " + " | ".join(plain(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _recalls(metadata: BundleMetadata) -> dict[str, str]:
    """Return a table for every protocol that states a recall by corpus."""
    tables = {}
    for protocol, shares in metadata.recalls.items():
        lines = ["| corpus | unweighted average recall | clips |", "|---|---|---|"]
        for corpus, share in shares.items():
            clips = metadata.figures[protocol][corpus].get("clips", "")
            lines.append(f"| {plain(corpus)} | {share:.1%} | {plain(str(clips))} |")
        tables[protocol] = "\n".join(lines)
    return tables
