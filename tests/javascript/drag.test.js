import assert from "node:assert/strict";
import { test } from "node:test";
import { makeDragData, OWN_TYPE } from "../../javascript/gallery/host/drag";

const urls = { file: "http://here/api/file/7", page: "https://civitai.com/images/7" };
const record = (extension, saved_path = "", kind = "image") => ({ kind, extension, saved_path });

test("what is dragged is the infotext, or else the image's address, with the file's URL", () => {
  const known = makeDragData(7, record(""), "a cat\nSteps: 20", urls);
  assert.equal(known["text/plain"], "a cat\nSteps: 20");
  assert.deepEqual(makeDragData(7, undefined, "", urls), {
    "text/uri-list": urls.file,
    "text/plain": urls.page,
    [OWN_TYPE]: "7",
  });
});

test("a file is promised under its own name, once its type is known", () => {
  const promised = (...given) => makeDragData(7, record(...given), "", urls).DownloadURL;
  assert.equal(promised(""), undefined);
  assert.equal(promised("jpg"), `image/jpeg:7.jpg:${urls.file}`);
  assert.equal(promised("png", "/models/of: me/a b.png"), `image/png:a b.png:${urls.file}`);
  assert.equal(promised("webm", "D:\\out\\c.webm", "video"), `video/webm:c.webm:${urls.file}`);
});
