// From the channels of a recording to one signal, without losing what one of them holds. This is
// affekt.audio.downmix in JavaScript; the tests hold both against each other.

// The beginning is judged as a whole, and what follows second by second.
const LOOK_AHEAD_S = 10;
const MOST_HELD = 1 << 20;
const QUIET_DB = 20; // so far below the loudest, a channel does not count
const OPPOSITE = -0.3; // with this correlation, two channels hold the same sound turned over
const MOST_COMPARED = 8;
const FADE_S = 0.02;

/**
 * Return the mean of the channels that hold sound, and what to say about the others.
 * `channels` are Float32Arrays of one length.
 */
export function toMono(channels, samplingRateHz) {
  if (channels.length === 1) return { signal: channels[0].slice(), warnings: [] };
  const length = channels[0].length;
  const span = Math.max(1, Math.min(samplingRateHz, Math.floor(MOST_HELD / channels.length)));
  const most = Math.floor(MOST_HELD / (channels.length * span));
  const ahead = span * Math.max(1, Math.min(LOOK_AHEAD_S, most));
  const fade = Math.max(1, Math.round(FADE_S * samplingRateHz));
  const levels = new Levels(channels, Math.max(1, Math.round(samplingRateHz / 4000)));
  const signal = new Float32Array(length);
  let plan = null;
  for (let start = 0; start < length; start += span) {
    const end = Math.min(start + span, length);
    levels.judge(start, end);
    if (end < Math.min(ahead, length)) continue;
    const former = plan;
    plan = levels.plan();
    const mixed = mix(channels, plan, former === null ? 0 : start, end);
    if (former !== null && !isEqual(former, plan)) {
      fadeOver(mixed, mix(channels, former, start, Math.min(start + fade, end)), fade);
    }
    signal.set(mixed, end - mixed.length);
  }
  return { signal, warnings: warningsOf(levels.sounding(), plan) };
}

function fadeOver(mixed, former, fade) {
  for (const [place, value] of former.entries()) {
    const share = place / fade;
    mixed[place] = share * mixed[place] + (1 - share) * value;
  }
}

/** Energies and products of channels between about 300 Hz and 3.7 kHz, so far. */
class Levels {
  #channels;
  #lag;
  #products;

  constructor(channels, lag) {
    this.#channels = channels;
    this.#lag = lag;
    this.#products = channels.map(() => new Float64Array(channels.length));
  }

  /** Take a stretch into account. */
  judge(start, end) {
    const bands = this.#channels.map((channel) => {
      const band = new Float64Array(Math.max(0, end - start - this.#lag));
      for (let k = 0; k < band.length; k += 1) {
        band[k] = channel[start + k + this.#lag] - channel[start + k];
      }
      return band;
    });
    const compared = bands.length <= MOST_COMPARED;
    for (const [one, row] of this.#products.entries()) {
      for (let other = compared ? 0 : one; other <= one; other += 1) {
        let sum = 0;
        for (let k = 0; k < bands[one].length; k += 1) sum += bands[one][k] * bands[other][k];
        row[other] += sum;
        if (other !== one) this.#products[other][one] += sum;
      }
    }
  }

  /** Say which channels count: all as long as there is no sound at all. */
  sounding() {
    const energies = this.#energies();
    const least = Math.max(...energies) * 10 ** (-QUIET_DB / 10);
    return energies.map((energy) => energy >= least);
  }

  /** Return how channels are added: a sign for each, and the number that counts. */
  plan() {
    const energies = this.#energies();
    const loudest = energies.indexOf(Math.max(...energies));
    const sounding = this.sounding();
    let turned = energies.map(() => false);
    if (energies.length <= MOST_COMPARED && energies[loudest] > 0) {
      turned = energies.map((energy, k) => {
        const scale = Math.sqrt(energy * energies[loudest]) + 2.2250738585072014e-308;
        return sounding[k] && this.#products[loudest][k] / scale <= OPPOSITE;
      });
      // The first one is never the one that is turned.
      if (turned[sounding.indexOf(true)]) turned = turned.map((is, k) => sounding[k] && !is);
    }
    return {
      signs: turned.map((is) => (is ? -1 : 1)),
      count: sounding.filter((is) => is).length,
    };
  }

  #energies() {
    return this.#products.map((row, k) => row[k]);
  }
}

function mix(channels, plan, start, end) {
  const mixed = new Float32Array(end - start);
  for (const [k, channel] of channels.entries()) {
    const sign = plan.signs[k];
    for (let place = start; place < end; place += 1) mixed[place - start] += sign * channel[place];
  }
  return mixed.map((value) => value / plan.count);
}

function isEqual(one, other) {
  return one.count === other.count && one.signs.every((sign, k) => sign === other.signs[k]);
}

function warningsOf(sounding, plan) {
  const found = [];
  const quiet = [...sounding.keys()].filter((k) => !sounding[k]);
  if (quiet.length > 0) {
    found.push(`${named(quiet)} next to nothing beside the loudest: not counted in the mean.`);
  }
  const turned = [...plan.signs.keys()].filter((k) => plan.signs[k] < 0);
  if (turned.length > 0) {
    found.push(
      `${named(turned)} the opposite phase of the others (wrongly wired?): turned over before the ` +
        "mean was taken.",
    );
  }
  return found;
}

function named(channels) {
  if (channels.length === 1) return `Channel ${channels[0]} has`;
  return `Channels ${channels.slice(0, -1).join(", ")} and ${channels.at(-1)} have`;
}
