import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dragPose,
  fitPose,
  getFitScale,
  getPanLimits,
  getSizeOrDefault,
  isZoomed,
  limitPose,
  pinchPose,
  refitPose,
  toggleZoom,
  zoomAt,
} from "../../javascript/gallery/viewer/zoom";

const STAGE = { width: 1200, height: 900 };
const PICTURE = { width: 2000, height: 3000 };
const SIZES = { image: PICTURE, stage: STAGE };

/** Where a point of the stage lies on the image, from 0 to 1 on each axis. */
function spot(pose, point, image = PICTURE) {
  return {
    x: (point.x - pose.x) / (image.width * pose.scale) + 0.5,
    y: (point.y - pose.y) / (image.height * pose.scale) + 0.5,
  };
}

function assertClose(one, other) {
  assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);
}

test("a fitted picture touches the stage on its longer side and is whole", () => {
  const scale = getFitScale(SIZES);
  assertClose(PICTURE.height * scale, STAGE.height);
  assert.ok(PICTURE.width * scale < STAGE.width);
});

test("a small picture is enlarged, but to twice its size at most", () => {
  assert.equal(getFitScale({ image: { width: 64, height: 64 }, stage: STAGE }), 2);
});

test("a picture of unknown size has one to lay out with", () => {
  assert.ok(getSizeOrDefault({ width: 0, height: 0 }).width > 0);
  assert.deepEqual(getSizeOrDefault({ width: 5, height: 7 }), { width: 5, height: 7 });
});

for (const point of [
  { x: 0, y: 0 },
  { x: 120, y: -300 },
  { x: -290, y: 449 },
]) {
  test(`zooming in at ${point.x}, ${point.y} keeps what lies there`, () => {
    const before = zoomAt(fitPose(SIZES), 1, point, SIZES);
    const after = zoomAt(before, 2.5, point, SIZES);
    assertClose(spot(before, point).x, spot(after, point).x);
    assertClose(spot(before, point).y, spot(after, point).y);
  });
}

test("zooming out ends at the whole picture, in the middle", () => {
  const near = zoomAt(fitPose(SIZES), 3, { x: 200, y: 100 }, SIZES);
  const out = zoomAt(near, 0.001, { x: -500, y: 400 }, SIZES);
  assert.ok(!isZoomed(out, SIZES));
  assertClose(out.x, 0);
  assertClose(out.y, 0);
});

test("zooming in ends somewhere", () => {
  const deep = zoomAt(fitPose(SIZES), 1e9, { x: 0, y: 0 }, SIZES);
  assert.ok(deep.scale <= 8);
});

test("panning never shows what lies beyond an edge", () => {
  const pose = limitPose({ scale: 1, x: 99_999, y: -99_999 }, SIZES);
  assertClose(pose.x - PICTURE.width / 2, -STAGE.width / 2);
  assertClose(pose.y + PICTURE.height / 2, STAGE.height / 2);
});

test("an axis that fits stays in the middle", () => {
  const wide = { image: { width: 3000, height: 400 }, stage: STAGE };
  assert.equal(limitPose({ scale: 1, x: 50, y: 50 }, wide).y, 0);
  assert.equal(getPanLimits(1, wide).y, 0);
});

test("a drag follows the finger inside, and less beyond the edge", () => {
  const pose = { scale: 1, x: 0, y: 0 };
  assert.equal(dragPose(pose, { x: 100, y: 0 }, SIZES).x, 100);
  const far = getPanLimits(1, SIZES).x;
  const beyond = dragPose(pose, { x: far + 100, y: 0 }, SIZES).x;
  assert.ok(beyond > far && beyond < far + 100);
});

test("two fingers keep what lies between them, also when they move", () => {
  const pose = { scale: 1, x: 0, y: 0 };
  const start = { x: 100, y: 50 };
  const now = { x: 140, y: 80 };
  const after = pinchPose(pose, 2, start, now, SIZES);
  assert.equal(after.scale, 2);
  assertClose(spot(pose, start).x, spot(after, now).x);
  assertClose(spot(pose, start).y, spot(after, now).y);
});

test("a double click zooms in, and another shows the whole again", () => {
  const into = toggleZoom(fitPose(SIZES), { x: 10, y: 10 }, SIZES);
  assert.equal(into.scale, 1);
  assert.ok(isZoomed(into, SIZES));
  assert.deepEqual(toggleZoom(into, { x: 10, y: 10 }, SIZES), fitPose(SIZES));
});

test("a double click enlarges a picture that is shown at its size already", () => {
  const small = { image: { width: 1100, height: 800 }, stage: STAGE };
  assert.ok(toggleZoom(fitPose(small), { x: 0, y: 0 }, small).scale > 2);
});

test("a picture of 1 × 100,000 has numbers for everything", () => {
  const thin = { image: { width: 1, height: 100_000 }, stage: STAGE };
  const pose = zoomAt(fitPose(thin), 5, { x: 300, y: 300 }, thin);
  for (const value of Object.values(pose)) assert.ok(Number.isFinite(value));
  assert.ok(pose.scale <= 8);
});

const LENGTHS = [1, 360, 836, 1051, 2432, 100_000];
const ALL_SIZES = LENGTHS.flatMap((width) => LENGTHS.map((height) => ({ width, height })));
const STAGES = ALL_SIZES.filter(({ width, height }) => width > 1 && width + height < 6000);

/** Assert that an image lies whole within its stage. */
function assertWhole(pose, { image, stage }) {
  const about = JSON.stringify({ image, stage, pose });
  assert.deepEqual([pose.x, pose.y], [0, 0], about);
  assert.ok(image.width * pose.scale <= stage.width + 1e-6, about);
  assert.ok(image.height * pose.scale <= stage.height + 1e-6, about);
}

test("a picture shown whole stays whole whenever its size or the stage's becomes another", () => {
  for (const [at, stage] of STAGES.entries()) {
    for (const image of [getSizeOrDefault({ width: 0, height: 0 }), ...ALL_SIZES]) {
      const before = { image, stage };
      const other = ALL_SIZES[(at * 7 + image.height) % ALL_SIZES.length];
      const ways = [...ALL_SIZES.map((size) => ({ image: size, stage }))];
      ways.push(...STAGES.map((size) => ({ image, stage: size })), { image: other, stage: other });
      for (const now of ways) assertWhole(refitPose(fitPose(before), before, now), now);
    }
  }
});

test("a zoomed picture keeps its width when its thumbnail becomes its file", () => {
  const thumb = { image: { width: 200, height: 300 }, stage: STAGE };
  const zoomed = zoomAt(fitPose(thumb), 5, { x: 40, y: 30 }, thumb);
  const after = refitPose(zoomed, thumb, SIZES);
  assertClose(after.scale * SIZES.image.width, zoomed.scale * thumb.image.width);
  assertClose(after.x, zoomed.x);
});
