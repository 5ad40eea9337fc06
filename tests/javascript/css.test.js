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

test("no hover style sticks where a finger has tapped", () => {
  const files = readdirSync(GALLERY, { recursive: true }).filter((name) => name.endsWith(".css"));
  assert.ok(files.length > 20);
  const stuck = files.flatMap((name) => {
    const css = readFileSync(`${GALLERY}/${name}`, "utf8").replace(/\/\*.*?\*\//gs, "");
    return listStuckHovers(css).map((selector) => `${name}: ${selector}`);
  });
  assert.deepEqual(stuck, []);
});
