import assert from "node:assert/strict";
import { test } from "node:test";
import { findings } from "../../explorer/instrument/web/train/findings.js";
import { namesOf, pickImages } from "../../explorer/instrument/web/uploads/images.js";

const BOUNDS = { most_bytes: 1000, most_images: 3 };

/** @param {string} path @param {number} [size] */
const file = (path, size = 10) => ({ path, file: /** @type {File} */ (new Blob(["x".repeat(size)])) });

test("the images of a folder are taken, others are named, and hidden files are passed over", () => {
  const found = [file("pets/cat/1.PNG"), file("pets/a.webp"), file("pets/notes.txt"), file("pets/.git/2.png")];
  const { files, others } = pickImages(found, "pets", BOUNDS);
  assert.deepEqual(
    files.map(({ name }) => name),
    ["pets/cat/1.PNG", "pets/a.webp"],
  );
  assert.deepEqual(others, ["pets/notes.txt"]);
});

test("no images, too many and too large ones are refused in a sentence", () => {
  assert.throws(() => pickImages([file("pets/notes.txt")], "pets", BOUNDS), /holds no PNG, JPEG or WebP files/);
  const many = Array.from({ length: 4 }, (_, at) => file(`${at}.png`));
  assert.throws(() => pickImages(many, "pets", BOUNDS), /holds 4 images, and the limit is 3/);
  assert.throws(() => pickImages([file("1.png", 1001)], "pets", BOUNDS), /is 1 MB, and the limit is 0.001 MB/);
});

test("what was found is said in sentences", () => {
  const said = findings(
    /** @type {any} */ ({
      images: 60,
      labels: [
        ["cat", 30],
        ["dog", 30],
      ],
      smallest: [20, 30],
      largest: [1200, 900],
      side: 64,
      binary: false,
      channels: 3,
      train: 48,
      validation: 6,
      test: 6,
      transparent: 0,
      duplicates: 1,
      broken: { "cat/no.png": "is damaged" },
      more_broken: 0,
      others: ["a", "b", "c", "d", "e", "f"],
      more_others: 2,
    }),
  );
  assert.match(said[0], /^60 images of 20×30 to 1200×900 pixels, seen as 64×64 in colour: 48 to learn from/);
  assert.equal(said[1], "2 classes, by folder: cat 30, dog 30.");
  assert.equal(said[2], "1 duplicate, in the same part as the original.");
  assert.match(said[3], /^Skipped: .cat\/no\.png. is damaged\.$/);
  assert.match(said[4], /: a, b, c, d, e and 3 more\.$/);
  assert.equal(namesOf(["a"]), "a");
});
