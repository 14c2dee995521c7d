// Which parts of a long recording are worth listening to. This is affekt.audio.activity and
// affekt.audio.windows in JavaScript; the tests hold both against each other.

const FRAME_S = 0.03;
const SPAN_FRAMES = 1000; // what is analysed at once; the noise floor is that of all spans so far
export const NOTHING_DB = -80; // below this (dBFS, RMS of a frame) there is nothing
const MIN_RANGE_DB = 15; // loudest minus floor: where it is less, everything is sound
const RANGE_SHARE = 0.3; // the threshold lies this share of the range above the floor,
const MIN_ABOVE_FLOOR_DB = 6; // within these bounds
const MAX_ABOVE_FLOOR_DB = 12;
const FLOOR_QUANTILE = 0.1;
const MAINS_HZ = [50, 60]; // like a constant offset, their hum counts as nothing
const GAP_S = 0.3; // pauses up to here belong to the sound around them
const MIN_SOUND_S = 0.09; // shorter sounds are clicks
const PADDING_S = 0.1;

/** Return [start, end] in samples of windows over the parts of `signal` that sound. */
export function soundingWindows(signal, samplingRateHz, { windowS, minS }) {
  const window = Math.round(windowS * samplingRateHz);
  const minimum = Math.round(minS * samplingRateHz);
  return soundingStretches(signal, samplingRateHz).flatMap(([start, end, limit]) =>
    windowBounds(start, end, { window, minimum, limit }),
  );
}

/** Return [start, end, known] of each stretch of sound; `known` is how far was read by then. */
function soundingStretches(signal, samplingRateHz) {
  const [frame, gap, shortest, padding] = [FRAME_S, GAP_S, MIN_SOUND_S, PADDING_S].map((seconds) =>
    Math.round(seconds * samplingRateHz),
  );
  const floor = new NoiseFloor();
  const steady = steadyBasis(frame, samplingRateHz);
  const found = [];
  let stretch = null;
  let total = 0;
  const close = () => {
    if (stretch !== null && stretch[1] - stretch[0] >= shortest) {
      found.push([
        Math.max(0, stretch[0] - padding),
        Math.min(total, stretch[1] + padding),
        total,
      ]);
    }
    stretch = null;
  };
  for (let begin = 0; begin < signal.length; begin += SPAN_FRAMES * frame) {
    total = Math.min(begin + SPAN_FRAMES * frame, signal.length);
    const levels = levelsDb(signal.subarray(begin, total), frame, steady);
    const threshold = floor.thresholdDb(levels);
    for (const [first, last] of runs(levels, threshold)) {
      const start = begin + first * frame;
      const end = Math.min(begin + last * frame, total);
      if (stretch !== null && start - stretch[1] > gap) close();
      stretch = [stretch === null ? start : stretch[0], end];
    }
    if (stretch !== null && total - stretch[1] > gap) close();
  }
  close();
  return found;
}

/** Levels of all frames so far, counted in whole decibels from NOTHING_DB to 0 and above. */
export class NoiseFloor {
  #counts = new Array(-NOTHING_DB + 1).fill(0);
  #unknownDb;

  /** `unknownDb` is the threshold as long as the levels are too much alike to tell a floor. */
  constructor(unknownDb = NOTHING_DB) {
    this.#unknownDb = unknownDb;
  }

  thresholdDb(levels) {
    for (const level of levels) {
      if (level < NOTHING_DB) continue;
      this.#counts[Math.min(Math.floor(level) - NOTHING_DB, this.#counts.length - 1)] += 1;
    }
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    if (all === 0) return NOTHING_DB;
    let seen = 0;
    const quantile = this.#counts.findIndex((count) => (seen += count) >= FLOOR_QUANTILE * all);
    const range = this.#counts.findLastIndex((count) => count > 0) - quantile;
    if (range < MIN_RANGE_DB) return this.#unknownDb;
    const above = Math.max(RANGE_SHARE * range, MIN_ABOVE_FLOOR_DB);
    return NOTHING_DB + quantile + Math.min(above, MAX_ABOVE_FLOOR_DB);
  }
}

/** Return an orthonormal basis of what an offset and the mains can add to a frame. */
export function steadyBasis(frame, samplingRateHz) {
  const waves = MAINS_HZ.flatMap((hz) =>
    [Math.cos, Math.sin].map((wave) => (k) => wave((2 * Math.PI * hz * k) / samplingRateHz)),
  );
  const basis = [];
  for (const wave of [() => 1, ...waves]) {
    const vector = Float64Array.from({ length: frame }, (_, k) => wave(k));
    for (const other of basis) remove(vector, other); // Gram and Schmidt
    const length = Math.sqrt(product(vector, vector));
    basis.push(vector.map((value) => value / length));
  }
  return basis;
}

function product(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += a[k] * b[k];
  return sum;
}

function remove(vector, unit) {
  const share = product(vector, unit);
  for (let k = 0; k < vector.length; k += 1) vector[k] -= share * unit[k];
}

/** Return the level of each frame of a signal, in dBFS; `steady` is what does not count. */
export function levelsDb(signal, frame, steady) {
  const levels = [];
  const rest = new Float64Array(frame);
  for (let start = 0; start < signal.length; start += frame) {
    const known = Math.min(frame, signal.length - start);
    for (let k = 0; k < frame; k += 1) {
      const back = k % (2 * known); // what is missing at the end is mirrored
      rest[k] = signal[start + (back < known ? back : 2 * known - 1 - back)];
    }
    for (const unit of steady) remove(rest, unit);
    levels.push(10 * Math.log10(Math.max(product(rest, rest) / frame, 1e-12)));
  }
  return levels;
}

/** Return [first, last + 1] of each run of levels from the threshold on. */
function runs(levels, threshold) {
  const found = [];
  let first = null;
  levels.forEach((level, place) => {
    if (level >= threshold) first ??= place;
    else if (first !== null) {
      found.push([first, place]);
      first = null;
    }
  });
  if (first !== null) found.push([first, levels.length]);
  return found;
}

/** Cover a stretch with windows side by side; the last one ends with the stretch. */
function windowBounds(start, end, { window, minimum, limit }) {
  if (end - start <= window) {
    const from = Math.max(0, Math.min(start, end - minimum));
    return [[from, Math.max(end, Math.min(from + minimum, limit))]];
  }
  const bounds = [];
  for (let first = start; first < end - window; first += window) {
    bounds.push([first, first + window]);
  }
  bounds.push([end - window, end]);
  return bounds;
}
