// One recording on the page: what it is, a player, and what was recognised.

import { download, element, facts, percent } from "./dom.js";

let number = 0;

export class ResultCard {
  #body;
  #progress;

  /** `remove` is called when the person takes the card away. */
  constructor(file, remove) {
    this.file = file;
    this.url = URL.createObjectURL(file);
    this.prediction = null;
    const id = `result-${(number += 1)}`;
    this.#progress = element("progress", { "aria-label": `Recognising ${file.name}` });
    this.#body = element("div", {}, this.#progress);
    this.element = element(
      "article",
      { class: "panel result", "aria-labelledby": id },
      element(
        "div",
        { class: "heading" },
        element("h3", { id }, file.name),
        element(
          "button",
          {
            class: "button small quiet-button",
            type: "button",
            "aria-label": `Remove ${file.name}`,
            onclick: () => remove(this),
          },
          "Remove",
        ),
      ),
      this.#body,
    );
  }

  set share(value) {
    this.#progress.value = value;
  }

  /** Forget the recording. */
  close() {
    URL.revokeObjectURL(this.url);
    this.element.remove();
  }

  showError(message) {
    this.#body.replaceChildren(
      element("p", { class: "problem" }, element("strong", {}, "Not recognised: "), message),
    );
  }

  show(prediction, threshold) {
    this.prediction = prediction;
    const name = this.file.name;
    const rate = prediction.sampling_rate_hz;
    this.#body.replaceChildren(
      answer(prediction, threshold),
      ...reliability(prediction),
      bars(prediction),
      element("audio", { controls: "", preload: "metadata", src: this.url, "aria-label": `Play ${name}` }),
      facts([
        ["Duration", `${prediction.duration_s.toFixed(1)} s`],
        ["Sampling rate", rate === null ? "unknown" : `${rate / 1000} kHz`],
        ["Channels", prediction.channels],
        ["Kind", this.file.type || "unknown"],
        ["Size", size(this.file.size)],
      ]),
      ...prediction.warnings.map((warning) => element("p", { class: "quiet" }, warning)),
      element(
        "button",
        {
          class: "button small",
          type: "button",
          "aria-label": `Download the result of ${name} (JSON)`,
          onclick: () => download(`${name}.json`, prediction),
        },
        "Download (JSON)",
      ),
    );
  }
}

/** Say the answer in one sentence, for the status line. */
export function sentence(prediction) {
  const best = `${prediction.emotion}, ${percent(prediction.confidence, 0)}`;
  if (prediction.out_of_domain) return `${prediction.path}: not speech, it seems.`;
  return `${prediction.path}: ${prediction.uncertain ? `uncertain, most like ${best}` : best}.`;
}

function answer(prediction, threshold) {
  const share = element("span", { class: "share" }, percent(prediction.confidence));
  if (!prediction.uncertain) {
    return element("p", { class: "answer" }, element("strong", {}, prediction.emotion), " ", share);
  }
  if (prediction.out_of_domain) {
    return element(
      "p",
      { class: "answer uncertain" },
      element("strong", {}, "not speech"),
      " ",
      element("span", { class: "share" }, `or, if it is, most like ${prediction.emotion}, `, share),
    );
  }
  return element(
    "div",
    {},
    element(
      "p",
      { class: "answer uncertain" },
      element("strong", {}, "uncertain"),
      " ",
      element("span", { class: "share" }, `most like ${prediction.emotion}, `, share),
    ),
    element(
      "p",
      { class: "quiet" },
      `Below ${percent(threshold)} this model is wrong too often to be taken at its word.`,
    ),
  );
}

/** What the answer may be besides, and whether the recording is of a kind the model knows. */
function reliability({ prediction_set: labels, out_of_domain: outOfDomain }) {
  return [
    outOfDomain &&
      element(
        "p",
        { class: "problem" },
        element("strong", {}, "Out of domain: "),
        "unlike the recordings that the model learnt from.",
      ),
    labels?.length > 1 && element("p", { class: "quiet" }, `Likely one of: ${labels.join(", ")}.`),
  ].filter(Boolean);
}

function bars({ predictions, path }) {
  return element(
    "ul",
    { class: "bars", "aria-label": `Probabilities of ${path}` },
    ...predictions.map(({ label, score }) => {
      const fill = element("span", { class: "fill" });
      fill.style.width = `${100 * score}%`;
      return element(
        "li",
        {},
        element("span", { class: "label", "aria-hidden": "true" }, label),
        element(
          "span",
          {
            class: "bar",
            role: "meter",
            "aria-label": label,
            "aria-valuemin": "0",
            "aria-valuemax": "100",
            "aria-valuenow": (100 * score).toFixed(1),
            "aria-valuetext": percent(score),
          },
          fill,
        ),
        element("span", { class: "number", "aria-hidden": "true" }, percent(score)),
      );
    }),
  );
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
