import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseThumbWidth,
  getAspectRatio,
  isCropped,
  Masonry,
} from "../../javascript/gallery/grid/layout.js";

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

test("right leads to the neighbour beside it, left back into its row", () => {
  const layout = laid(100);
  assert.equal(layout.findStep(0, "right"), 1);
  assert.equal(layout.findStep(1, "left"), 0);
  for (const index of [0, 20, 57]) {
    const { x, y, width, height } = layout.boxes[index];
    const to = layout.boxes[layout.findStep(index, "right")];
    if (to.x > x) {
      assert.ok(Math.abs(to.x - (x + width + 8)) < 1e-6);
      assert.ok(to.y <= y + height / 2 && to.y + to.height >= y - 8);
    }
  }
});

test("over the right edge it goes on at the left, further down", () => {
  const layout = laid(100);
  const last = layout.columns.length - 1;
  const to = layout.boxes[layout.findStep(last, "right")];
  assert.equal(to.column, 0);
  assert.ok(to.y > layout.boxes[last].y);
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
