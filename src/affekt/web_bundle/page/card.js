// The model card: what the model is, learnt from, is allowed, achieves, and must not be used for.

import { element, facts, percent, table } from "./dom.js";

/** Make the list of uses that the model must not be put to. */
export function notFor(card) {
  if (card.not_for.length === 0) return element("p", {}, "Its makers name no forbidden use.");
  return element(
    "div",
    {},
    element("p", {}, element("strong", {}, "This model is not for")),
    element("ul", {}, ...card.not_for.map((use) => element("li", {}, use))),
  );
}

export function modelCard(card) {
  return element(
    "div",
    {},
    element("p", {}, card.description),
    facts(
      [
        ["Model", `${card.title}, made ${card.created}`],
        ["Labels", card.labels.join(", ")],
        ["Uncertain below", percent(card.threshold)],
        ["Licence of the weights", card.licence],
      ],
      { long: true },
    ),
    element(
      "details",
      {},
      element("summary", {}, "What it learnt from"),
      table(
        "Corpora that the model was trained on",
        ["Corpus", "Licence", "Utterances", "Speakers"],
        card.training_data.map((item) => [
          item.corpus,
          item.licence,
          item.utterances,
          item.speakers,
        ]),
      ),
    ),
    element("details", {}, element("summary", {}, "How well it does"), ...figures(card.figures)),
    element(
      "details",
      {},
      element("summary", {}, "Licence of the weights, in full"),
      element("pre", { tabindex: "0", "aria-label": "Licence text" }, card.licence_text),
    ),
    element(
      "details",
      {},
      element("summary", {}, "Which file this is"),
      facts(
        [
          ["Size", `${(card.files[0].size_bytes / 1e6).toFixed(1)} MB`],
          ["SHA-256", card.sha256],
        ],
        { long: true },
      ),
    ),
  );
}

/** One table a protocol: what was measured on speakers that are not training speakers. */
function figures(protocols) {
  const tables = Object.entries(protocols)
    .filter(([, corpora]) => Object.values(corpora).every((item) => item?.ua !== undefined))
    .map(([protocol, corpora]) =>
      table(
        `${protocol}: recall averaged over the classes, and share of right answers`,
        ["Corpus", "Average recall", "Right answers", "Clips"],
        Object.entries(corpora).map(([corpus, item]) => [
          corpus,
          percent(item.ua),
          item.wa === undefined ? "" : percent(item.wa),
          item.clips,
        ]),
      ),
    );
  if (tables.length === 0) return [element("p", {}, "Nothing was measured.")];
  return [element("p", {}, "On speakers who are not among its training speakers."), ...tables];
}
