// Whether a recording holds anything above 4 kHz, or comes through a telephone line. This is
// affekt.audio.bandwidth in JavaScript; the tests hold both against each other.

export const NARROW_BAND =
  "Nothing lies above 4 kHz, as on a telephone line: answers are right far less often on such " +
  "sound, and `affekt models show` says how often.";

const FRAME = 512; // 32 ms at 16 kHz
const NARROW_RATE_HZ = 8400; // sampled at this rate or a lower one, nothing is there
const [LOWEST_HZ, MIDDLE_HZ, EDGE_HZ] = [100, 1000, 4200];
const VOICE_SHARE = 1e-4; // a voice has this share of its power on either side of 1 kHz at once
const BRIGHTEST = 0.02; // the two in a hundred frames that are brightest decide
const LEAST_DB = -48;
const GLANCE = 4; // most recordings are settled by every fourth frame, if those reach this
const SURE_DB = -40;
const RANGE_DB = 30; // judged are the frames so far below the loudest that are not clipped
const CLIPPED = 0.98;
const ABOVE_NOISE_DB = 46; // and so far above what 16 bits with dither add
const NOISE_POWER = 2 ** -30;
const FEWEST_FRAMES = 15;
const SECTION_FRAMES = 312; // 10 s
const SECTIONS_AT_ONCE = 6; // then the page lives for a moment

const WINDOW = Float64Array.from(
  { length: FRAME },
  (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / FRAME),
);

/**
 * Say whether nothing lies above 4 kHz. The recording is judged in sections of 10 s; one with
 * anything up there is enough. `sourceRateHz` is null where the header does not say it.
 */
export async function isNarrowBand(signal, samplingRateHz, sourceRateHz) {
  if (sourceRateHz !== null && sourceRateHz <= NARROW_RATE_HZ) return true;
  let narrow = false;
  let sections = 0;
  for (let start = 0; start < signal.length; start += SECTION_FRAMES * FRAME) {
    if (sections % SECTIONS_AT_ONCE === 0) await new Promise((resume) => setTimeout(resume));
    sections += 1;
    const section = signal.subarray(start, start + SECTION_FRAMES * FRAME);
    const brightest = brightestOf(section, samplingRateHz);
    if (brightest === null) continue;
    narrow = brightest <= LEAST_DB;
    if (!narrow) return false;
  }
  return narrow;
}

function brightestOf(section, samplingRateHz) {
  const few = Math.floor(FEWEST_FRAMES / GLANCE);
  const glance = brightestDb(section, samplingRateHz, { step: GLANCE, fewest: few });
  if (glance !== null && glance > SURE_DB) return glance;
  return brightestDb(section, samplingRateHz, { step: 1, fewest: FEWEST_FRAMES });
}

/** Return what share of the power lies above 4 kHz; null where too little is loud enough. */
function brightestDb(section, samplingRateHz, { step, fewest }) {
  const count = Math.ceil(Math.floor(section.length / FRAME) / step);
  if (count < fewest) return null;
  const [lowest, middle, high] = [LOWEST_HZ, MIDDLE_HZ, EDGE_HZ].map(
    (hz) => Math.floor((hz * FRAME) / samplingRateHz) + 1,
  );
  const frames = Array.from({ length: count }, (_, place) => {
    const samples = section.subarray(place * step * FRAME, (place * step + 1) * FRAME);
    const powers = spectrum(samples);
    return {
      power: sum(powers.subarray(lowest)),
      bright: sum(powers.subarray(middle)),
      above: sum(powers.subarray(high)),
      peak: samples.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0),
    };
  });
  const squares = sum(WINDOW.map((value) => value * value));
  const noise = NOISE_POWER * squares * (FRAME / 2 + 1 - high) * 10 ** (ABOVE_NOISE_DB / 10);
  const loudest = frames.reduce((most, frame) => Math.max(most, frame.power), 0);
  const least = Math.max(noise, loudest * 10 ** (-RANGE_DB / 10));
  const judged = frames.filter((frame) => frame.power >= least && frame.peak < CLIPPED);
  const isVoice = ({ power, bright }) => Math.min(bright, power - bright) > VOICE_SHARE * power;
  if (judged.filter(isVoice).length < fewest) return null;
  const shares = judged.map((frame) => frame.above / frame.power).sort((a, b) => b - a);
  const share = shares[Math.ceil(BRIGHTEST * shares.length) - 1];
  return 10 * Math.log10(Math.max(share, 1e-30));
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

const TURNS = Array.from({ length: FRAME / 2 }, (_, k) => {
  const angle = (-2 * Math.PI * k) / FRAME;
  return [Math.cos(angle), Math.sin(angle)];
});

/** Return the powers of the frequencies from 0 to half the rate (Cooley and Tukey, radix 2). */
function spectrum(samples) {
  const real = new Float64Array(FRAME);
  const imaginary = new Float64Array(FRAME);
  for (let k = 0, reversed = 0; k < FRAME; k += 1) {
    real[reversed] = samples[k] * WINDOW[k];
    let bit = FRAME >> 1;
    while (reversed & bit) {
      reversed ^= bit;
      bit >>= 1;
    }
    reversed |= bit;
  }
  for (let half = 1; half < FRAME; half *= 2) {
    for (let start = 0; start < FRAME; start += 2 * half) {
      for (let k = 0; k < half; k += 1) {
        const [cosine, sine] = TURNS[(k * FRAME) / (2 * half)];
        const [one, other] = [start + k, start + k + half];
        const a = real[other] * cosine - imaginary[other] * sine;
        const b = real[other] * sine + imaginary[other] * cosine;
        real[other] = real[one] - a;
        imaginary[other] = imaginary[one] - b;
        real[one] += a;
        imaginary[one] += b;
      }
    }
  }
  return Float64Array.from({ length: FRAME / 2 + 1 }, (_, k) => real[k] ** 2 + imaginary[k] ** 2);
}
