import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countColumns,
  toPose,
  toSyncedView,
  WHOLE_VIEW,
} from "../../javascript/gallery/compare/compare_grid";
import { fitPose, zoomAt } from "../../javascript/gallery/viewer/zoom";

const stage = { width: 400, height: 600 };
const PORTRAIT = { width: 832, height: 1216 };
const LARGE = { width: 1664, height: 2432 };
const WIDE = { width: 1216, height: 832 };

const close = (one, other) => {
  for (const key of Object.keys(other)) assert.ok(Math.abs(one[key] - other[key]) < 1e-6, key);
};

test("the whole of one picture is the whole of each other", () => {
  for (const size of [PORTRAIT, LARGE, WIDE])
    close(toPose(WHOLE_VIEW, { image: size, stage }), fitPose({ image: size, stage }));
});

test("a picture's own sight is the pose that it was taken of", () => {
  const pose = zoomAt(
    fitPose({ image: PORTRAIT, stage }),
    1.4,
    { x: 60, y: -80 },
    { image: PORTRAIT, stage },
  );
  close(toPose(toSyncedView(pose, { image: PORTRAIT, stage }), { image: PORTRAIT, stage }), pose);
});

test("a picture of twice the pixels shows the same part as large on the screen", () => {
  const pose = zoomAt(
    fitPose({ image: PORTRAIT, stage }),
    1.4,
    { x: 60, y: -80 },
    { image: PORTRAIT, stage },
  );
  const other = toPose(toSyncedView(pose, { image: PORTRAIT, stage }), { image: LARGE, stage });
  close(other, { scale: pose.scale / 2, x: pose.x, y: pose.y });
});

test("no picture is pulled off its stage by another one's edge", () => {
  const far = zoomAt(
    fitPose({ image: PORTRAIT, stage }),
    3,
    { x: 190, y: 290 },
    { image: PORTRAIT, stage },
  );
  const wide = toPose(toSyncedView(far, { image: PORTRAIT, stage }), { image: WIDE, stage });
  assert.ok(Math.abs(wide.x) <= (WIDE.width * wide.scale - stage.width) / 2 + 1e-6);
});

test("pictures stand in as many columns as show them largest", () => {
  const phone = { width: 390, height: 450 };
  const desk = { width: 1600, height: 560 };
  assert.equal(countColumns([WIDE, WIDE], phone), 1);
  assert.equal(countColumns([PORTRAIT, LARGE], phone), 2);
  assert.equal(countColumns([WIDE, WIDE], desk), 2);
  assert.equal(countColumns([PORTRAIT, PORTRAIT, PORTRAIT, PORTRAIT], desk), 4);
  assert.equal(countColumns([WIDE, WIDE, WIDE, WIDE], { width: 900, height: 600 }), 2);
});
