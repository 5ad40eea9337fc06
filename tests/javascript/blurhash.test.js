import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBlurhash } from "../../javascript/gallery/core/blurhash";

// The hash of the example on https://blurha.sh: 4 x 3 waves.
const DIGITS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
const EXAMPLE = "LEHV6nWB2yk8pyo0adR*.7kCMdnj";

/** The format's own formula, as slow and plain as it can be written. */
function plainly(hash, width, height) {
  const value = (text) => [...text].reduce((sum, digit) => sum * 83 + DIGITS.indexOf(digit), 0);
  const linear = (byte) =>
    byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4;
  const across = (value(hash[0]) % 9) + 1;
  const down = Math.floor(value(hash[0]) / 9) + 1;
  const strongest = (value(hash[1]) + 1) / 166;
  const colour = (wave) => {
    const number = value(wave === 0 ? hash.slice(2, 6) : hash.slice(4 + 2 * wave, 6 + 2 * wave));
    if (wave === 0) return [number >> 16, (number >> 8) & 255, number & 255].map(linear);
    const steps = [Math.floor(number / 361), Math.floor(number / 19) % 19, number % 19];
    return steps.map((step) => Math.sign(step - 9) * ((step - 9) / 9) ** 2 * strongest);
  };
  const bytes = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const sums = [0, 0, 0];
      for (let wave = 0; wave < across * down; wave += 1) {
        const horizontal = Math.cos((Math.PI * x * (wave % across)) / width);
        const vertical = Math.cos((Math.PI * y * Math.floor(wave / across)) / height);
        for (const [at, part] of colour(wave).entries()) sums[at] += part * horizontal * vertical;
      }
      for (const sum of sums.reverse()) {
        const part = Math.min(1, Math.max(0, sum));
        bytes.push((part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055) * 255);
      }
    }
  }
  return bytes;
}

for (const [name, hash] of [
  ["4 x 3 waves", EXAMPLE],
  ["a single wave", "00TFv6"],
]) {
  test(`${name} give the colours of the format's formula`, () => {
    const expected = plainly(hash, 16, 16);
    const decoded = decodeBlurhash(hash);
    assert.equal(decoded.length, expected.length);
    for (const [at, byte] of decoded.entries()) {
      assert.ok(Math.abs(byte - expected[at]) <= 2, `byte ${at}: ${byte}, not ${expected[at]}`);
    }
  });
}

for (const [name, text] of [
  ["nothing", ""],
  ["too short", "LEHV6"],
  ["a letter too few", EXAMPLE.slice(0, -1)],
  ["a letter too many", `${EXAMPLE}A`],
  ["letters of no hash", "<img src=x onerror=alert(1)>"],
]) {
  test(`${name} is no BlurHash`, () => assert.equal(decodeBlurhash(text), null));
}
