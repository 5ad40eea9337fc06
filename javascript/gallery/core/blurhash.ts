/** Decodes BlurHashes to pixels, which are shown until an image is loaded.
 *
 * Format: https://github.com/woltapp/blurhash/blob/master/Algorithm.md */

const DIGITS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));
const SIDE = 16; // pixels of the decoded image; CSS stretches it
const PIXEL = 3; // bytes
/** The file header of an uncompressed bitmap of SIDE × SIDE pixels. */
const HEADER = makeHeader();
/** The nine cosine waves of a BlurHash along one axis, from low to high frequency. */
const WAVES = Array.from({ length: 9 }, (_, i) =>
  Float32Array.from({ length: SIDE }, (_, x) => Math.cos((Math.PI * i * x) / SIDE)),
);

/** Show the image of a BlurHash as an element's background; nothing if the text is no BlurHash.
 * Neither a canvas, which is a layer of its own, nor a PNG, which takes long to make. */
export function showBlurhash(element: HTMLElement, hash: string) {
  const pixels = decodeBlurhash(hash);
  if (!pixels) return;
  const bitmap = btoa(String.fromCharCode(...HEADER, ...pixels));
  element.style.backgroundImage = `url(data:image/bmp;base64,${bitmap})`;
}

function makeHeader() {
  const header = new DataView(new ArrayBuffer(54));
  const length = header.byteLength + SIDE * SIDE * PIXEL;
  header.setUint16(0, 0x424d); // "BM"
  header.setUint32(2, length, true);
  header.setUint32(10, header.byteLength, true);
  header.setUint32(14, 40, true); // length of the rest of the header
  header.setInt32(18, SIDE, true);
  header.setInt32(22, -SIDE, true); // from the top
  header.setUint16(26, 1, true);
  header.setUint16(28, 8 * PIXEL, true);
  return new Uint8Array(header.buffer);
}

/** Decode a BlurHash to pixels, each as blue, green and red. Return null if the text is no
 * BlurHash. */
export function decodeBlurhash(hash: string): Uint8Array | null {
  const parts = decodeColours(hash);
  if (!parts) return null;
  const { across, down, values } = parts;
  const pixels = new Uint8Array(SIDE * SIDE * PIXEL);
  const row = new Float32Array(across * 3); // the components of one line, summed over `down`
  for (let y = 0, at = 0; y < SIDE; y += 1) {
    row.fill(0);
    for (let j = 0; j < down; j += 1) {
      const weight = WAVES[j][y];
      for (let i = 0; i < row.length; i += 1) row[i] += values[j * row.length + i] * weight;
    }
    for (let x = 0; x < SIDE; x += 1, at += PIXEL) {
      for (let channel = 0; channel < PIXEL; channel += 1) {
        let sum = 0;
        for (let i = 0; i < across; i += 1) sum += row[i * 3 + channel] * WAVES[i][x];
        pixels[at + PIXEL - 1 - channel] = toByte(sum);
      }
    }
  }
  return pixels;
}

function decodeColours(hash: string) {
  if (hash.length < 6) return null;
  const digits = [...hash].map((digit) => VALUES.get(digit) ?? -1);
  if (digits.includes(-1)) return null;
  const across = (digits[0] % 9) + 1;
  const down = Math.floor(digits[0] / 9) + 1;
  if (digits.length !== 4 + 2 * across * down) return null;
  const strongest = (digits[1] + 1) / 166;
  const base = digits.slice(2, 6).reduce((sum, digit) => sum * 83 + digit, 0);
  const values = [base >> 16, (base >> 8) & 255, base & 255].map(toLinear);
  for (let at = 6; at < digits.length; at += 2) {
    const value = digits[at] * 83 + digits[at + 1];
    const steps = [Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19];
    for (const step of steps) {
      const part = (step - 9) / 9;
      values.push(part * Math.abs(part) * strongest);
    }
  }
  return { across, down, values };
}

function toLinear(value: number) {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

/** Steps of the table from linear light to sRGB: computing 768 powers for each image is slow. */
const STEPS = 4095;
const BYTES = Uint8Array.from({ length: STEPS + 1 }, (_, step) => {
  const part = step / STEPS;
  return (part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055) * 255 + 0.5;
});

/** Convert linear light to an sRGB byte; values outside 0 to 1 are clipped. */
function toByte(value: number) {
  return BYTES[value <= 0 ? 0 : value >= 1 ? STEPS : Math.round(value * STEPS)];
}
