import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseThumbWidth,
  getAspectRatio,
  isCropped,
  Masonry,
} from "../../javascript/gallery/grid/layout";

const SHAPES = [
  { width: 832, height: 1216 },
  { width: 1216, height: 832 },
  { width: 1024, height: 1024 },
  { width: 512, height: 2048 },
  { width: 0, height: 0 },
];
const sizes = (count) => Array.from({ length: count }, (_, at) => SHAPES[(at * 7) % SHAPES.length]);

function laid(count, width = 1568, wanted = 240, gap = 8) {
  const layout = new Masonry(width, wanted, gap);
  layout.append(sizes(count));
  return layout;
}

test("columns fill the whole width with equal gaps", () => {
  const { columns, tile } = new Masonry(1568, 240, 8);
  assert.equal(columns.length, 6);
  assert.ok(Math.abs(columns.length * tile + 5 * 8 - 1568) < 1e-6);
});

test("a window narrower than a tile has one column", () => {
  assert.equal(new Masonry(100, 240, 8).columns.length, 1);
  assert.equal(new Masonry(0, 240, 8).columns.length, 1);
});

test("each picture has its own shape", () => {
  const { boxes } = laid(3);
  for (const [at, { width, height }] of boxes.entries()) {
    assert.ok(Math.abs(width / height - getAspectRatio(sizes(3)[at])) < 0.02);
  }
});

test("a picture without a size is a square, and an extreme one is shown in part", () => {
  assert.equal(getAspectRatio({ width: 0, height: 0 }), 1);
  assert.equal(getAspectRatio({ width: 512, height: 0 }), 1);
  const ribbon = { width: 1, height: 100_000 };
  assert.ok(getAspectRatio(ribbon) >= 0.25);
  assert.ok(isCropped(ribbon));
  assert.ok(!isCropped({ width: 832, height: 1216 }));
});

test("no two tiles overlap", () => {
  const { boxes, columns, gap } = laid(500);
  for (const column of columns) {
    for (let at = 1; at < column.length; at += 1) {
      const above = boxes[column[at - 1]];
      assert.equal(boxes[column[at]].y, above.y + above.height + gap);
    }
  }
});

test("what was placed stays where it is when more comes", () => {
  const whole = laid(300);
  const grown = new Masonry(1568, 240, 8);
  for (const count of [100, 101, 300]) grown.append(sizes(count));
  assert.deepEqual(grown.boxes, whole.boxes);
  assert.equal(grown.height, whole.height);
});

test("the height is that of the longest column", () => {
  const { boxes, height } = laid(77);
  assert.equal(height, Math.max(...boxes.map((box) => box.y + box.height)));
  assert.equal(new Masonry(100, 50, 8).height, 0);
});

test("what is in a band is found, wherever the band is", () => {
  const layout = laid(1000);
  for (let top = -500; top < layout.height + 500; top += 397) {
    const touching = layout.boxes.flatMap(({ y, height }, at) =>
      y < top + 900 && y + height > top ? [at] : [],
    );
    assert.deepEqual(layout.listBetween(top, top + 900), touching);
  }
});

test("down and up lead along the column and back", () => {
  const layout = laid(100);
  const below = layout.findStep(2, "down");
  assert.equal(layout.boxes[below].x, layout.boxes[2].x);
  assert.equal(layout.findStep(below, "up"), 2);
  assert.equal(layout.findStep(2, "up"), 2);
});

const WIDTHS = [320, 390, 768, 1024, 1216, 1280, 1568, 1600, 1900, 2500];
const PORTRAIT = { width: 832, height: 1216 };
/** Sizes in many orders, the same in each run. */
function shuffled(count, seed) {
  let now = seed;
  return Array.from({ length: count }, () => {
    now = (now * 48_271) % 2_147_483_647;
    return SHAPES[now % SHAPES.length];
  });
}
const LAYOUTS = WIDTHS.flatMap((width, at) =>
  [sizes(97), shuffled(200, at + 1), Array(40).fill(PORTRAIT), shuffled(at, 5)].map((all) => {
    const layout = new Masonry(width, [120, 220, 640][at % 3], 8);
    for (const count of [all.length >> 1, all.length]) layout.append(all.slice(0, count));
    return layout;
  }),
);

/** Return the indices that a step reaches one after another, until it leads no further. */
function walk(layout, from, step) {
  const reached = [from];
  while (reached.length <= layout.boxes.length) {
    const to = layout.findStep(reached.at(-1), step, 700);
    if (to === reached.at(-1)) return reached;
    reached.push(to);
  }
  return assert.fail(`${step} from ${from} goes in circles: ${reached.slice(0, 20)}`);
}

test("right walks through every picture from the first one, and left back the same way", () => {
  for (const layout of LAYOUTS.filter(({ boxes }) => boxes.length)) {
    const there = walk(layout, 0, "right");
    assert.equal(new Set(there).size, layout.boxes.length);
    assert.deepEqual(layout.listInOrder(), there); // a range marks what an arrow passes
    assert.deepEqual(walk(layout, there.at(-1), "left"), there.reverse());
  }
});

test("right leads to the right, and at the edge further down to the left end", () => {
  for (const layout of LAYOUTS) {
    for (const [index, { x, y, row }] of layout.boxes.entries()) {
      const next = layout.boxes[layout.findStep(index, "right")];
      if (next.x > x || next === layout.boxes[index]) continue;
      assert.ok(next.y >= y);
      assert.ok(layout.boxes.every((one) => one.row !== row || one.x <= x));
      assert.ok(layout.boxes.every((one) => one.row !== row + 1 || one.x >= next.x));
    }
  }
});

test("down, up and whole screens reach the end of the column from everywhere", () => {
  for (const layout of LAYOUTS) {
    for (const [index, { column }] of layout.boxes.entries()) {
      for (const step of ["down", "pagedown"])
        assert.equal(walk(layout, index, step).at(-1), layout.columns[column].at(-1));
      for (const step of ["up", "pageup"])
        assert.equal(walk(layout, index, step).at(-1), layout.columns[column][0]);
    }
  }
});

test("a screen further is at least one picture further, however tall the picture is", () => {
  const layout = new Masonry(640, 640, 8);
  layout.append(Array(5).fill({ width: 400, height: 1000 })); // 1600 pixels each
  assert.equal(layout.findStep(1, "pagedown", 580), 2);
  assert.equal(layout.findStep(1, "pageup", 580), 0);
});

test("no step leaves the gallery", () => {
  const layout = laid(23);
  for (let index = 0; index < 23; index += 1) {
    for (const way of ["left", "right", "up", "down", "home", "end", "pageup", "pagedown"]) {
      const to = layout.findStep(index, way, 900);
      assert.ok(to >= 0 && to < 23, `${way} of ${index} is ${to}`);
    }
  }
});

test("home and end are the first and the last, a page is a screen further", () => {
  const layout = laid(500);
  assert.equal(layout.findStep(250, "home"), 0);
  assert.equal(layout.findStep(250, "end"), 499);
  const moved = layout.boxes[layout.findStep(6, "pagedown", 900)].y - layout.boxes[6].y;
  assert.ok(moved > 500 && moved < 1300);
});

test("the smallest thumbnail that is sharp enough is asked for", () => {
  assert.equal(chooseThumbWidth(240, 1), 320);
  assert.equal(chooseThumbWidth(240, 2), 450);
  assert.equal(chooseThumbWidth(640, 2), 800);
});
