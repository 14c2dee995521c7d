// Whether the channels of a recording hold voices of their own, as those of a call do. This is
// affekt.audio.crosstalk in JavaScript; the tests hold both against each other.

import { levelsDb, NoiseFloor, NOTHING_DB, steadyBasis } from "./activity.js";

const FRAME_S = 0.02;
const SPAN_FRAMES = 50;
// In stereo, a voice is louder on one channel by less than this; a call's other channel has an
// echo of it at most.
const ALONE_DB = 12;
const ENOUGH_FRAMES = 50; // of each of two channels, alone: a second
const SPANS_AT_ONCE = 60; // then the page lives for a moment

/** Say whether two channels, Float32Arrays of one length, have sounded without the others. */
export async function haveSeparateVoices(channels, samplingRateHz) {
  const frame = Math.round(FRAME_S * samplingRateHz);
  const span = SPAN_FRAMES * frame;
  const steady = steadyBasis(frame, samplingRateHz);
  // Where the level has never changed much, there is noise or a tone, and nobody speaks.
  const floors = channels.map(() => new NoiseFloor(Infinity));
  const alone = channels.map(() => 0);
  for (let start = 0; start + span <= channels[0].length; start += span) {
    if (start % (SPANS_AT_ONCE * span) === 0) await new Promise((resume) => setTimeout(resume));
    const levels = channels.map((channel) =>
      levelsDb(channel.subarray(start, start + span), frame, steady).map((level) =>
        Math.max(level, NOTHING_DB),
      ),
    );
    const thresholds = floors.map((floor, k) => floor.thresholdDb(levels[k]));
    for (let place = 0; place < SPAN_FRAMES; place += 1) {
      const loudest = loudestAlone(levels.map((channel) => channel[place]));
      if (loudest !== null && levels[loudest][place] >= thresholds[loudest]) alone[loudest] += 1;
    }
    if (alone.filter((count) => count >= ENOUGH_FRAMES).length >= 2) return true;
  }
  return false;
}

/** Return which of the levels stands out from all others; null where none does. */
function loudestAlone(levels) {
  const first = Math.max(...levels);
  const loudest = levels.indexOf(first);
  const second = Math.max(...levels.filter((_, k) => k !== loudest));
  return first - second >= ALONE_DB ? loudest : null;
}
