// From a file to mono samples at 16 kHz, judged as affekt.audio judges them.

import { isNarrowBand, NARROW_BAND } from "./bandwidth.js";
import { toMono } from "./downmix.js";
import { samplingRate } from "./formats.js";
import { RecordingError, SAMPLING_RATE_HZ } from "./recognizer.js";
import { haveSeparateVoices } from "./crosstalk.js";

const MIN_DURATION_S = 0.1;
const MIN_PEAK = 1e-4; // -80 dBFS
const MAX_PLAUSIBLE_PEAK = 8;
const MAX_PEAK = 2 ** 31;
// Decoded, an hour of stereo takes 460 MB; a tab that runs out of memory says nothing at all.
const MAX_DURATION_S = 3600;

/** Decode a File; `url` is an object URL of it. */
export async function decode(file, url) {
  if (file.size === 0) throw new RecordingError("is empty (0 bytes): get the file again");
  const announced = await announcedDuration(url);
  if (announced > MAX_DURATION_S) {
    throw new RecordingError(
      `lasts ${Math.round(announced / 60)} minutes, and a browser has memory for ` +
        `${MAX_DURATION_S / 60}: cut it, or use "affekt predict" on a computer`,
    );
  }
  const bytes = await file.arrayBuffer();
  const samplingRateHz = samplingRate(bytes);
  let buffer;
  try {
    // The context's rate is what the browser resamples to while it decodes.
    buffer = await new OfflineAudioContext(1, 1, SAMPLING_RATE_HZ).decodeAudioData(bytes);
  } catch {
    throw new RecordingError(
      "cannot be decoded: it is no recording, is damaged, or is of a kind that this browser does " +
        "not know: convert it to WAV, FLAC, MP3 or OGG",
    );
  }
  const channels = channelsOf(buffer);
  const { signal, warnings } = toMono(channels, SAMPLING_RATE_HZ);
  warnings.push(...judge(signal, channels));
  if (channels.length > 1 && (await haveSeparateVoices(channels, SAMPLING_RATE_HZ))) {
    throw new RecordingError(
      "has channels that take turns, as those of a call do: export one person's channel " +
        'alone, or follow the call with "affekt timeline"; if all are one voice or one scene, ' +
        "export it in mono",
    );
  }
  if (await isNarrowBand(signal, SAMPLING_RATE_HZ, samplingRateHz)) warnings.push(NARROW_BAND);
  if (samplingRateHz === null) {
    warnings.push("The header does not say at which sampling rate this was recorded.");
  }
  return {
    name: file.name,
    signal,
    durationS: buffer.length / SAMPLING_RATE_HZ,
    samplingRateHz,
    channels: buffer.numberOfChannels,
    warnings,
  };
}

/** Return the duration in seconds that the header announces; 0 where it announces none. */
function announcedDuration(url) {
  return new Promise((answer) => {
    const player = new Audio();
    player.preload = "metadata";
    player.onloadedmetadata = () => answer(Number.isFinite(player.duration) ? player.duration : 0);
    player.onerror = () => answer(0);
    player.src = url;
  });
}

function channelsOf(buffer) {
  return Array.from({ length: buffer.numberOfChannels }, (_, k) => buffer.getChannelData(k));
}

function peakOf(signal) {
  let peak = 0;
  for (const sample of signal) {
    const size = Math.abs(sample);
    if (!(size <= peak)) peak = size; // NaN is not less than anything either
    if (Number.isNaN(peak)) break;
  }
  return peak;
}

/** Refuse what is not a recording, and return what a reader should know about it. */
function judge(signal, channels) {
  const durationS = signal.length / SAMPLING_RATE_HZ;
  if (durationS < MIN_DURATION_S) {
    throw new RecordingError(
      `lasts ${durationS.toFixed(3)} s, and at least ${MIN_DURATION_S} s is needed: give a longer ` +
        "recording",
    );
  }
  const peak = peakOf(signal);
  if (!Number.isFinite(peak)) {
    throw new RecordingError("holds values that are no finite numbers: export it again");
  }
  if (peak > MAX_PEAK) {
    throw new RecordingError(
      `holds a sample of ${peak.toPrecision(6)}, far beyond full scale (1.0): export it again`,
    );
  }
  if (peak < MIN_PEAK) throw new RecordingError(whySilent(peak, channels));
  if (peak > MAX_PLAUSIBLE_PEAK) {
    return [
      `The signal peaks at ${peak.toPrecision(4)}, far above full scale (1.0): these look like ` +
        "integers stored as floats; divide them by their full scale.",
    ];
  }
  return [];
}

function whySilent(peak, channels) {
  const level = peak === 0 ? "-inf" : Math.round(20 * Math.log10(peak));
  if (channels.some((channel) => peakOf(channel) >= MIN_PEAK)) {
    return (
      `is silent (peak ${level} dBFS) although its channels are not: they cancel each other; ` +
      "export one channel alone"
    );
  }
  const least = Math.round(20 * Math.log10(MIN_PEAK));
  return (
    `is silent (peak ${level} dBFS, at least ${least} is needed): check the microphone and the ` +
    "recording level"
  );
}
