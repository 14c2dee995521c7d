// The microphone, recorded into a WAV file that stays in this page.

const HEADER_BYTES = 44;

/** Why the microphone cannot be used, in plain words. */
const REASONS = {
  NotAllowedError: "the microphone was not allowed: allow it for this page, and try again",
  NotFoundError: "no microphone was found: connect one, and try again",
  NotReadableError: "the microphone is in use by another program: close that, and try again",
};

export class Recorder {
  #chunks = [];
  #context;
  #stream;

  /** Ask for the microphone and begin. */
  static async start() {
    if (!navigator.mediaDevices) throw new Error("recording needs https, or localhost");
    const recorder = new Recorder();
    try {
      await recorder.#open();
    } catch (error) {
      recorder.#release();
      throw new Error(REASONS[error.name] ?? `the microphone cannot be used: ${error.message}`);
    }
    return recorder;
  }

  async #open() {
    // What makes calls pleasant changes how a voice sounds.
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
    this.#context = new AudioContext();
    await this.#context.audioWorklet.addModule("recorder-worklet.js");
    const tap = new AudioWorkletNode(this.#context, "tap", { numberOfOutputs: 0 });
    tap.port.onmessage = (event) => this.#chunks.push(event.data);
    this.#context.createMediaStreamSource(this.#stream).connect(tap);
    await this.#context.resume();
  }

  /** End, and return a File with what was recorded. */
  stop() {
    const rate = this.#context.sampleRate;
    this.#release();
    const now = new Date();
    const stamp = [now.getHours(), now.getMinutes(), now.getSeconds()]
      .map((part) => String(part).padStart(2, "0"))
      .join("-");
    return new File([wave(this.#chunks, rate)], `recording-${stamp}.wav`, { type: "audio/wav" });
  }

  #release() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
  }
}

/** Return a WAV file of 16 bits, mono. */
function wave(chunks, rate) {
  const count = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + 2 * count));
  const text = (place, letters) =>
    [...letters].forEach((letter, k) => view.setUint8(place + k, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let place = HEADER_BYTES;
  for (const chunk of chunks) {
    for (const sample of chunk) {
      view.setInt16(place, Math.max(-32768, Math.min(32767, Math.round(32768 * sample))), true);
      place += 2;
    }
  }
  return view.buffer;
}
