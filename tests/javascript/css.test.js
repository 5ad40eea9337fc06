import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const GALLERY = "../../javascript/gallery"; // from here, where npm runs the tests

/** Return the selectors with `:hover` that also hold where nothing can hover. */
function listStuckHovers(css) {
  const open = [];
  const stuck = [];
  for (const [, prelude, brace] of css.matchAll(/([^{};]*)([{};])/g)) {
    if (brace === "{") {
      const isStuck = /:hover\b/.test(prelude) && !open.some((outer) => /hover: hover/.test(outer));
      if (isStuck) stuck.push(prelude.trim());
      open.push(prelude);
    } else if (brace === "}") open.pop();
  }
  return stuck;
}

/** Return each stylesheet's name and its text without comments. */
function readStyles() {
  const files = readdirSync(GALLERY, { recursive: true }).filter((name) => name.endsWith(".css"));
  assert.ok(files.length > 20);
  return files.map((name) => [
    name,
    readFileSync(`${GALLERY}/${name}`, "utf8").replace(/\/\*.*?\*\//gs, ""),
  ]);
}

test("no hover style sticks where a finger has tapped", () => {
  const stuck = readStyles().flatMap(([name, css]) =>
    listStuckHovers(css).map((selector) => `${name}: ${selector}`),
  );
  assert.deepEqual(stuck, []);
});

test("nothing is as wide as the window with its scrollbar, or the page would scroll sideways", () => {
  const wide = readStyles().filter(([, css]) => /100vw/.test(css.replace(/var\([^()]*\)/g, "")));
  assert.deepEqual(
    wide.map(([name]) => name),
    [],
  );
});
