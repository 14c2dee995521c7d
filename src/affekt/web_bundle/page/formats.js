// The sampling rate in the header of a recording: browsers decode, but do not tell it.

const MPEG_RATES_HZ = [44100, 48000, 32000];
const AAC_RATES_HZ = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const OPUS_RATES_HZ = [8000, 12000, 16000, 24000, 48000];
const HEADER_BYTES = 4096;

/** Return the rate in Hz that the header names; null where it is of another kind. */
export function samplingRate(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 64) return null;
  const has = (place, text) =>
    [...text].every((letter, k) => view.getUint8(place + k) === letter.charCodeAt(0));
  try {
    if (has(0, "RIFF") && has(8, "WAVE")) return waveRate(view, has);
    if (has(0, "fLaC")) return view.getUint32(18) >>> 12;
    if (has(0, "OggS")) return oggRate(view, has);
    if (has(4, "ftyp")) return mp4Rate(view, has);
    if (view.getUint32(0) === 0x1a45dfa3) return webmRate(view);
    return mpegRate(view, has(0, "ID3") ? 10 + id3Size(view) : 0);
  } catch (error) {
    if (error instanceof RangeError) return null; // the header is cut off
    throw error;
  }
}

function waveRate(view, has) {
  let place = 12;
  while (!has(place, "fmt ")) place += 8 + view.getUint32(place + 4, true) + (view.getUint32(place + 4, true) % 2);
  return view.getUint32(place + 12, true);
}

function oggRate(view, has) {
  for (let place = 27; place < HEADER_BYTES; place += 1) {
    if (has(place, "\x01vorbis")) return view.getUint32(place + 12, true);
    if (has(place, "OpusHead")) {
      const before = view.getUint32(place + 12, true); // of what was encoded; 0 is unknown
      return OPUS_RATES_HZ.find((rate) => rate >= before && before > 0) ?? 48000;
    }
    if (has(place, "fLaC")) return view.getUint32(place + 18) >>> 12;
  }
  return null;
}

function mp4Rate(view, has) {
  // Its place is not fixed: the first audio sample entry (ISO 14496-12) that makes sense.
  for (let place = 8; place < view.byteLength - 32; place += 1) {
    if (view.getUint8(place) !== 0x6d || !has(place, "mp4a")) continue;
    const rate = view.getUint32(place + 28) >>> 16;
    if (rate >= 1000) return rate;
  }
  return null;
}

function webmRate(view) {
  // SamplingFrequency is element 0xB5, a float of 4 or 8 bytes.
  for (let place = 4; place < HEADER_BYTES; place += 1) {
    if (view.getUint8(place) !== 0xb5) continue;
    const size = view.getUint8(place + 1);
    const rate =
      size === 0x84 ? view.getFloat32(place + 2) : size === 0x88 ? view.getFloat64(place + 2) : 0;
    if (rate >= 1000 && rate <= 384000) return Math.round(rate);
  }
  return null;
}

function id3Size(view) {
  return [6, 7, 8, 9].reduce((size, place) => (size << 7) | view.getUint8(place), 0);
}

function mpegRate(view, from) {
  for (let place = from; place < from + HEADER_BYTES; place += 1) {
    const head = view.getUint32(place);
    if (head >>> 21 !== 0x7ff) continue;
    const version = (head >>> 19) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    const layer = (head >>> 17) & 3;
    if (layer === 0) return AAC_RATES_HZ[(head >>> 10) & 15] ?? null; // AAC in ADTS
    const rate = MPEG_RATES_HZ[(head >>> 10) & 3];
    if (version === 1 || rate === undefined || ((head >>> 12) & 15) === 15) continue;
    return rate / { 3: 1, 2: 2, 0: 4 }[version];
  }
  return null;
}
