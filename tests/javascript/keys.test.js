import assert from "node:assert/strict";
import { test } from "node:test";
import { findKey, getKeyScopes, KEYS, runKey, usesKey } from "../../javascript/gallery/core/keys";

const press = (key, more = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
  ...more,
});
const state = (more = {}) => ({ panel: "", open: null, focus: null, marks: new Set(), ...more });
const action = (key, now, more = {}, onTile = false) => {
  const calls = [];
  const actions = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args) => {
          calls.push([name, ...args]);
          return false; // as of an open image that is no video
        },
    },
  );
  const pressed = press(key, more);
  const found = findKey(pressed, getKeyScopes(now, onTile));
  if (found) runKey(found, actions, now, pressed, [...now.marks]);
  return calls;
};

test("an arrow steps in the viewer and moves in the grid", () => {
  assert.deepEqual(action("ArrowRight", state({ open: 7 })), [["step", 1]]);
  assert.deepEqual(action("ArrowRight", state()), [["move", "right", { extend: false }]]);
  assert.deepEqual(action("ArrowDown", state(), { shiftKey: true }), [
    ["move", "down", { extend: true }],
  ]);
});

test("space marks the open picture, or the focused tile, or up to it with Shift", () => {
  assert.deepEqual(action(" ", state({ open: 7 })), [["togglePlay"], ["mark", 7]]);
  assert.deepEqual(action(" ", state({ open: 7 }), { shiftKey: true }), [["mark", 7]]);
  assert.deepEqual(action(" ", state({ focus: 5 }), {}, true), [["mark", 5]]);
  assert.deepEqual(action(" ", state({ focus: 5 }), { shiftKey: true }, true), [["markTo", 5]]);
});

test("space scrolls the page where no tile has the focus", () => {
  assert.equal(findKey(press(" "), getKeyScopes(state({ focus: 5 }), false)), null);
});

test("while a panel is open only what holds anywhere does", () => {
  assert.deepEqual(action("ArrowRight", state({ open: 7, panel: "jobs" })), []);
  for (const [key, name, shiftKey] of [
    ["?", "help", true],
    ["j", "jobs"],
    [",", "settings"],
  ])
    for (const panel of ["help", "jobs", "settings"])
      assert.deepEqual(action(key, state({ panel }), { shiftKey }), [
        ["panel", panel === name ? "" : name],
      ]);
});

for (const modifier of ["ctrlKey", "altKey", "metaKey", "isComposing"]) {
  test(`with ${modifier} a key is not ours`, () => {
    assert.equal(findKey(press("p", { [modifier]: true }), getKeyScopes(state(), true)), null);
  });
}

test("Caps Lock changes nothing", () => {
  assert.deepEqual(action("F", state({ open: 7 })), [["fullscreen"]]);
  assert.deepEqual(action("Z", state(), { ctrlKey: true }), [["undo"]]);
});

test("what others do with Ctrl or ⌘ is done here, but not with both or with Shift", () => {
  for (const how of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.deepEqual(action("z", state({ panel: "collections" }), how), [["undo"]]);
    assert.deepEqual(action("k", state(), how), [["focusFind"]]);
    assert.deepEqual(action("z", state(), { ...how, shiftKey: true }), []);
  }
  assert.deepEqual(action("z", state(), { ctrlKey: true, metaKey: true }), []);
});

test("the texts of the focused tile or the open picture are copied, else a selected text", () => {
  let selected = "";
  globalThis.document = { getSelection: () => selected };
  const ctrl = { ctrlKey: true };
  assert.deepEqual(action("p", state({ focus: 5 }), {}, true), [["copyText", 5, "prompt"]]);
  assert.deepEqual(action("p", state({ open: 7 })), [["copyText", 7, "prompt"]]);
  assert.deepEqual(action("c", state({ focus: 5 }), ctrl, true), [["copyText", 5, "infotext"]]);
  assert.deepEqual(action("c", state({ open: 7 }), ctrl), [["copyText", 7, "infotext"]]);
  selected = "a word of the prompt";
  assert.deepEqual(action("c", state({ open: 7 }), ctrl), []);
});

test("a key acts on the marked images, else on the focused one, else asks to choose", () => {
  for (const [key, name] of [
    ["d", "download"],
    ["g", "listNeeds"],
    ["b", "favourite"],
  ]) {
    const marks = new Set([1, 2]);
    assert.deepEqual(action(key, state({ marks, focus: 5 })), [[name, [1, 2]]]);
    assert.deepEqual(action(key, state({ focus: 5 })), [[name, [5]]]);
    assert.deepEqual(action(key, state()), [["askToChoose"]]);
  }
  assert.deepEqual(action("4", state({ focus: 5 })), [["rate", [5], 4]]);
  assert.deepEqual(action("4", state()), [["askToChoose"]]);
});

test("a key for one image acts on the focused one wherever the focus of the page is", () => {
  assert.deepEqual(action("h", state({ focus: 5 })), [["openHideMenu", 5]]);
  assert.deepEqual(action("h", state({ marks: new Set([7]) })), [["openHideMenu", 7]]);
  assert.deepEqual(action("h", state()), [["askToChoose"]]);
  assert.deepEqual(action("p", state()), [["askToChoose"]]);
});

test("L leads to the tags of the marked pictures, else of the focused or open one", () => {
  assert.deepEqual(action("l", state({ marks: new Set([1, 2]), focus: 5 })), [["collect"]]);
  assert.deepEqual(action("l", state({ focus: 5 }), {}, true), [["tag", 5]]);
  assert.deepEqual(action("l", state({ open: 7 })), [["tag", 7]]);
  assert.deepEqual(action("l", state()), [["askToChoose"]]);
});

test("no key of one place has two meanings", () => {
  const seen = new Set();
  for (const { keys, place } of KEYS) {
    for (const key of keys) {
      const places = place === "tile" ? ["tile", "grid", "anywhere"] : [place, "anywhere"];
      for (const where of places) assert.ok(!seen.has(`${where} ${key}`), `${where} ${key}`);
    }
    for (const key of keys) seen.add(`${place} ${key}`);
  }
});

test("whatever does something is on the help sheet, alone or with its like", () => {
  KEYS.forEach((key, at) => {
    if (!key.label)
      assert.ok(KEYS.slice(0, at).some((other) => other.label && other.place === key.place));
  });
});

for (const [element, key, own] of [
  [{ localName: "input", type: "text" }, "a", true],
  [{ localName: "textarea" }, "ArrowLeft", true],
  [{ localName: "select" }, "d", true],
  [{ localName: "div", isContentEditable: true }, "d", true],
  [{ localName: "input", type: "checkbox" }, " ", true],
  [{ localName: "input", type: "checkbox" }, "ArrowLeft", false],
  [{ localName: "input", type: "checkbox" }, "d", false],
  [{ localName: "input", type: "range" }, "ArrowLeft", true],
  [{ localName: "input", type: "range" }, "d", false],
  [{ localName: "button" }, "Enter", true],
  [{ localName: "button" }, "ArrowRight", false],
  [{ localName: "video" }, "ArrowRight", false],
]) {
  const name = [element.localName, element.type].filter(Boolean).join(" ");
  test(`${name} ${own ? "keeps" : "leaves"} “${key}”`, () => {
    assert.equal(usesKey(element, key), own);
  });
}
