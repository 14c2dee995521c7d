"""What the law says of emotion recognisers, in the words that every output and page uses.

Regulation (EU) 2024/1689 (Artificial Intelligence Act), https://eur-lex.europa.eu/eli/reg/2024/1689/oj,
read on 2026-11-21. `docs/responsible-use.md` quotes the articles. None of this is legal advice.
"""

from __future__ import annotations

from affekt.records import CommonOptions, declarations

LAW = "Regulation (EU) 2024/1689 (AI Act)"
LAW_URL = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"

NOTICE_RECOGNISER = (
    "An emotion recogniser works here: software estimates from the sound of a voice which emotion "
    "listeners would hear in it. Whoever uses it must tell the people whose voices are recognised "
    "(AI Act, Article 50(3))."
)

NOTICE_WORKPLACE = (
    "Inferring the emotions of people at work or in education is prohibited in the EU, except for "
    "medical or safety reasons (AI Act, Article 5(1)(f)). In calls, only the customer's channel is "
    "analysed unless others are named."
)

PURPOSE_HELP = declarations(CommonOptions)["purpose"][1].help
CONSENTED_HELP = declarations(CommonOptions)["consented"][1].help

NO_LEGAL_ADVICE = "This is no legal advice: whoever uses a recogniser answers for the use."
