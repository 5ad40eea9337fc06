/** Applies one zoom and position to images of different sizes. Pure. */

import { getFitScale, limitPose, type Pose, type Size, type Sizes } from "../viewer/zoom";

/** larger: 1 fits the stage; x, y: the image's middle from the stage's, in parts of the image's
 * size. */
export type SyncedView = { larger: number; x: number; y: number };

/** Return the number of columns with which the images are shown largest.
 * @param stage the area for all images */
export function countColumns(images: Size[], stage: Size) {
  const count = images.length;
  const seen = images.map((_, at) => {
    const columns = at + 1;
    const rows = Math.ceil(count / columns);
    const cell = { width: stage.width / columns, height: stage.height / rows };
    const areas = images.map(
      (one) => one.width * one.height * getFitScale({ image: one, stage: cell }) ** 2,
    );
    return areas.reduce((sum, area) => sum + area, 0);
  });
  return seen.lastIndexOf(Math.max(...seen)) + 1;
}

/** The view in which each image is shown whole. */
export const WHOLE_VIEW: Readonly<SyncedView> = { larger: 1, x: 0, y: 0 };

/** Convert the zoom and position of one image to a view that can be applied to all images. */
export function toSyncedView(pose: Pose, sizes: Sizes): SyncedView {
  const { image } = sizes;
  return {
    larger: pose.scale / getFitScale(sizes),
    x: pose.x / (image.width * pose.scale),
    y: pose.y / (image.height * pose.scale),
  };
}

/** Convert the shared view to a pose of one image. */
export function toPose({ larger, x, y }: SyncedView, sizes: Sizes): Pose {
  const { image } = sizes;
  const scale = larger * getFitScale(sizes);
  const pose = { scale, x: x * image.width * scale, y: y * image.height * scale };
  return larger <= 1 ? { scale, x: 0, y: 0 } : limitPose(pose, sizes);
}
