// From samples to an answer: affekt.recognition.Recognizer in JavaScript.
/* global ort */

import { soundingWindows } from "./activity.js";

export const SAMPLING_RATE_HZ = 16000;
const SCHEMA_VERSION = "1";
// Up to WHOLE_S a recording is taken for one utterance; in a longer one the emotion may change.
const WHOLE_S = 10;
const WINDOW_S = 5;
const MIN_WINDOW_S = 1;
const SUM_TOLERANCE = 1e-3;

/** Something is wrong with a recording; the message says what, and the remedy. */
export class RecordingError extends Error {}

export class Recognizer {
  #session;

  constructor(card, session) {
    this.card = card;
    this.#session = session;
  }

  /** Load the model; `progress` is called with a share from 0 to 1. */
  static async load(progress) {
    const card = await (await get("model.json")).json();
    const sizes = card.files.map((file) => file.size_bytes);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let loaded = 0;
    const count = (bytes) => progress(Math.min(1, (loaded += bytes) / total));
    const [model, runtime] = await Promise.all(
      card.files.map(async (file) => bytes(await get(file.name), count)),
    );
    // Browsers compute it on https and localhost alone.
    if (crypto.subtle !== undefined && (await sha256(model)) !== card.sha256) {
      throw new Error("model.onnx is damaged, or another file than it was");
    }
    ort.env.wasm.numThreads = 1; // more would need headers that many hosts cannot send
    ort.env.wasm.wasmPaths = new URL("ort/", document.baseURI).href;
    ort.env.wasm.wasmBinary = runtime.buffer;
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    return new Recognizer(card, session);
  }

  /** Recognise a decoded recording, and return what Prediction.to_dict() returns in Python. */
  async recognise(recording, progress) {
    const warnings = [...recording.warnings];
    const { signal } = recording;
    let outputs;
    if (signal.length <= WHOLE_S * SAMPLING_RATE_HZ) {
      outputs = await this.#run(signal);
    } else {
      const windows = soundingWindows(signal, SAMPLING_RATE_HZ, {
        windowS: WINDOW_S,
        minS: MIN_WINDOW_S,
      });
      const { mean, count, others } = await this.#average(signal, windows, progress);
      outputs = mean;
      const said = count === 1 ? "1 window" : `the mean of ${count} windows`;
      const [are, do_] = others === 1 ? ["is", "does"] : ["are", "do"];
      warnings.push(
        `Longer than ${WHOLE_S} s: the answer is ${said} of up to ${WINDOW_S} s over the parts ` +
          "with sound." +
          (others > 0 ? ` ${others} more ${are} not speech to the model, and ${do_} not count.` : ""),
      );
    }
    return this.#answer(recording, outputs, warnings);
  }

  async #average(signal, windows, progress) {
    if (windows.length === 0) {
      throw new RecordingError(
        "holds clicks only, no part with sound: check the recording",
      );
    }
    // Windows out of the model's domain count where all are, and else not.
    const sums = { inDomain: emptySum(), outOfDomain: emptySum() };
    let rested = performance.now();
    for (const [index, [start, end]] of windows.entries()) {
      const outputs = await this.#run(signal.slice(start, end));
      const isOutOfDomain = this.#further[0] === "novelty" && outputs[this.card.labels.length] > 1;
      const sum = isOutOfDomain ? sums.outOfDomain : sums.inDomain;
      sum.total ??= new Float64Array(outputs.length);
      outputs.forEach((value, k) => (sum.total[k] += value * (end - start)));
      sum.length += end - start;
      sum.count += 1;
      progress?.((index + 1) / windows.length);
      if (performance.now() - rested > 50) {
        await new Promise((resume) => setTimeout(resume)); // let the page live
        rested = performance.now();
      }
    }
    const { total, length, count } = sums.inDomain.count > 0 ? sums.inDomain : sums.outOfDomain;
    return { mean: total.map((value) => value / length), count, others: windows.length - count };
  }

  /** Return the probabilities, then novelty and intensity where the model has them. */
  async #run(signal) {
    const waveform = new ort.Tensor("float32", signal, [1, signal.length]);
    const names = ["probabilities", ...this.#further];
    const outputs = await this.#session.run({ waveform }, names);
    const numbers = Float64Array.from(names.flatMap((name) => [...outputs[name].data]));
    this.#judge(numbers);
    return numbers;
  }

  /** Refuse numbers that are no answer. */
  #judge(numbers) {
    const probabilities = numbers.subarray(0, this.card.labels.length);
    const sum = probabilities.reduce((total, value) => total + value, 0);
    const isAnswer =
      numbers.every(Number.isFinite) &&
      probabilities.every((value) => value >= 0) &&
      Math.abs(sum - 1) <= SUM_TOLERANCE;
    if (!isAnswer) {
      throw new RecordingError(
        "has no answer from the model, whose numbers are no probabilities: check that it is a " +
          "recording of speech, and its level",
      );
    }
  }

  #answer(recording, outputs, warnings) {
    const { labels, threshold, title } = this.card;
    const probabilities = outputs.subarray(0, labels.length);
    const order = [...labels.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const best = probabilities[order[0]];
    const further = Object.fromEntries(
      this.#further.map((name, k) => [name, outputs[labels.length + k]]),
    );
    const reliability = this.#reliability(probabilities, order, further);
    return {
      schema_version: SCHEMA_VERSION,
      path: recording.name,
      duration_s: rounded(recording.durationS, 3),
      sampling_rate_hz: recording.samplingRateHz,
      channels: recording.channels,
      model: title,
      emotion: labels[order[0]],
      confidence: rounded(best, 6),
      uncertain: reliability.out_of_domain === true || best < threshold,
      predictions: order.map((k) => ({ label: labels[k], score: rounded(probabilities[k], 6) })),
      ...reliability,
      warnings,
    };
  }

  /** Return what the model tells beside the probabilities. */
  get #further() {
    return ["novelty", "intensity"].filter((name) => this.#session.outputNames.includes(name));
  }

  /** Return prediction set, novelty and intensity, where the model has them. */
  #reliability(probabilities, order, { novelty, intensity }) {
    const { labels, prediction_set: rule } = this.card;
    const found = {};
    if (rule !== null) {
      // A label's score: its own missing probability ("lac"), or the mass up to it ("aps").
      let mass = 0;
      const scores = order.map((k) => {
        mass += probabilities[k];
        return rule.rule === "lac" ? 1 - probabilities[k] : mass;
      });
      found.prediction_set = order
        .filter((_, place) => place === 0 || scores[place] <= rule.quantile + 1e-9)
        .map((k) => labels[k]);
    }
    if (novelty !== undefined) {
      found.out_of_domain = novelty > 1;
      found.novelty = rounded(novelty, 3);
    }
    if (intensity !== undefined) found.intensity = rounded(intensity, 3);
    return found;
  }
}

function emptySum() {
  return { total: null, length: 0, count: 0 };
}

function rounded(value, digits) {
  return Number(value.toFixed(digits));
}

async function sha256(data) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function get(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
  return response;
}

/** Read a response to its end, telling `count` of every piece. */
async function bytes(response, count) {
  const pieces = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    count(value.length);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
