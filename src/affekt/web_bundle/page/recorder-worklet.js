// Hands the microphone's samples to the page, untouched.
/* global AudioWorkletProcessor, registerProcessor */

class Tap extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples !== undefined) this.port.postMessage(samples.slice());
    return true;
  }
}

registerProcessor("tap", Tap);
