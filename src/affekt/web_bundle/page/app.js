// The page: files and the microphone in, results out. Nothing here sends anything anywhere.

import { modelCard, notFor } from "./card.js";
import { decode } from "./decode.js";
import { download, percent } from "./dom.js";
import { Recognizer, RecordingError } from "./recognizer.js";
import { Recorder } from "./recorder.js";
import { ResultCard, sentence } from "./result.js";

const MAX_RECORDING_S = 600;

const at = (id) => document.getElementById(id);
const cards = [];
let recognizer = null;
let recorder = null;
let timer = null;
// One recording after the other: the model runs one at a time, and memory stays small.
let queue = Promise.resolve();

function say(message) {
  at("status").textContent = message;
}

function complain(message) {
  at("problem").textContent = message;
  at("problem").hidden = message === "";
}

function showResults() {
  at("results").hidden = cards.length === 0;
  at("download").disabled = !cards.some((card) => card.prediction !== null);
}

function add(files) {
  complain("");
  if (recognizer === null) return;
  const added = [...files].map((file) => new ResultCard(file, remove));
  cards.unshift(...added); // the latest choice comes first, in its own order
  at("cards").prepend(...added.map((card) => card.element));
  for (const card of added) queue = queue.then(() => recognise(card));
  showResults();
}

async function recognise(card) {
  if (!cards.includes(card)) return; // taken away while it waited
  const { name } = card.file;
  say(`Recognising ${name} …`);
  try {
    const recording = await decode(card.file, card.url);
    const prediction = await recognizer.recognise(recording, (share) => (card.share = share));
    card.show(prediction, recognizer.card.threshold);
    say(sentence(prediction));
  } catch (error) {
    if (!(error instanceof RecordingError)) console.error(error);
    const message =
      error instanceof RecordingError
        ? error.message
        : `something went wrong (${error.message}): reload the page, and try again`;
    card.showError(`${name} ${message}.`);
    say(`${name} was not recognised.`);
  }
  showResults();
}

function remove(card) {
  cards.splice(cards.indexOf(card), 1);
  card.close();
  say(`${card.file.name} was removed.`);
  showResults();
  (cards.length > 0 ? at("results-title") : at("files")).focus();
}

function clear() {
  cards.splice(0).forEach((card) => card.close());
  say("Nothing is left of what was here.");
  showResults();
  at("files").focus();
}

async function toggleRecording() {
  complain("");
  if (recorder !== null) return stopRecording();
  at("record").disabled = true;
  try {
    recorder = await Recorder.start();
  } catch (error) {
    complain(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
    return undefined;
  } finally {
    at("record").disabled = false;
  }
  const began = performance.now();
  at("record").classList.add("recording");
  at("record").setAttribute("aria-label", "Stop recording");
  say("Recording.");
  const tick = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    at("record").textContent =
      `Stop ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds >= MAX_RECORDING_S) stopRecording();
  };
  tick();
  timer = setInterval(tick, 250);
  return undefined;
}

function stopRecording() {
  clearInterval(timer);
  const file = recorder.stop();
  recorder = null;
  at("record").classList.remove("recording");
  at("record").removeAttribute("aria-label");
  at("record").textContent = "Record";
  add([file]);
}

function listen() {
  at("files").addEventListener("change", () => {
    add(at("files").files);
    at("files").value = ""; // so that the same file can be chosen again
  });
  at("record").addEventListener("click", toggleRecording);
  at("clear").addEventListener("click", clear);
  at("download").addEventListener("click", () => {
    const predictions = cards.map((card) => card.prediction).filter((item) => item !== null);
    download("affekt.json", predictions);
  });
  const drop = at("drop");
  for (const name of ["dragover", "dragleave", "drop"]) {
    // Beside the box a dropped file would replace the page.
    window.addEventListener(name, (event) => event.preventDefault());
    drop.addEventListener(name, () => drop.classList.toggle("over", name === "dragover"));
  }
  drop.addEventListener("drop", (event) => add(event.dataTransfer.files));
}

async function start() {
  const loading = at("loading");
  say("Loading the model …");
  try {
    recognizer = await Recognizer.load((share) => {
      loading.value = share;
    });
  } catch (error) {
    console.error(error);
    loading.hidden = true;
    say("The model is not there.");
    complain(
      `The model could not be loaded (${error.message}). Reload the page; if it stays so, tell ` +
        "whoever runs this site.",
    );
    return;
  }
  loading.hidden = true;
  at("not-for").replaceChildren(notFor(recognizer.card));
  at("model").replaceChildren(modelCard(recognizer.card));
  at("files").disabled = false;
  at("record").disabled = false;
  say(`Ready: ${recognizer.card.title}, uncertain below ${percent(recognizer.card.threshold)}.`);
  keepOffline();
}

/** Keep everything in the browser, where that is allowed. */
async function keepOffline() {
  try {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
    at("offline").textContent = "ready to work offline";
  } catch {
    at("offline").textContent = "works only while this site can be reached"; // private windows, http
  }
}

listen();
start();
