import { isolated, spell } from "../dom.js";
import { InstrumentError } from "../errors.js";
import { articled, readHeader } from "./image-header.js";
import { takeOrientation, turned } from "./webp-orientation.js";

export const LARGEST_BYTES = 30 * 2 ** 20;
export const LARGEST_PIXELS = 50e6;

/** Of a file's name, in characters. */
const LONGEST_NAME = 40;

/** @param {File | Blob} file @returns {string} its name as it may be shown: cut, on one line, apart from what is around */
export function nameOf(file) {
  const name = ("name" in file && String(file.name)) || "The pasted image";
  const letters = [...name.replace(/[\s\p{Cc}`]+/gu, " ").trim()];
  const half = LONGEST_NAME / 2;
  const cut =
    letters.length > LONGEST_NAME
      ? `${letters.slice(0, half).join("")}…${letters.slice(1 - half).join("")}`
      : letters.join("");
  return isolated(cut || "The image");
}

/**
 * Decodes an image file that may be anything at all: what is not a still image of a sane size is refused before the
 * browser makes pixels of it.
 *
 * @param {Blob} file
 * @returns {Promise<ImageBitmap>} the right way up, as its EXIF data says
 * @throws {InstrumentError} in one sentence with what to do
 */
export async function openImage(file) {
  const name = nameOf(file);
  const refuse = (/** @type {string} */ reason, /** @type {unknown} */ cause = undefined) =>
    new InstrumentError(`${name} ${reason}`, cause);
  const megabytes = (/** @type {number} */ bytes) => spell(Math.ceil(bytes / 2 ** 20), 0);
  if (file.size > LARGEST_BYTES) {
    throw refuse(
      `is ${megabytes(file.size)} MB, and the limit is ${megabytes(LARGEST_BYTES)} MB: save a smaller version and choose that file.`,
    );
  }
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw refuse("cannot be read: a folder is not an image, and a file that was moved must be chosen again.", error);
  }
  const { kind, width, height } = readHeader(bytes, name);
  if (width * height > LARGEST_PIXELS) {
    throw refuse(
      `has ${spell(width, 0)} × ${spell(height, 0)} pixels, and the limit is ` +
        `${LARGEST_PIXELS / 1e6} million: save a smaller version and choose that file.`,
    );
  }
  const cannot = kind === "AVIF" || kind === "HEIC" ? " that this browser cannot read, or that" : " that";
  const broken = `is ${articled(kind)}${cannot} is cut short or damaged: save it as PNG or JPEG and choose that file.`;
  const orientation = kind === "WebP" ? takeOrientation(bytes) : 1;
  let bitmap;
  try {
    const checked = new Blob([bytes], { type: `image/${kind.toLowerCase()}` });
    bitmap = await createImageBitmap(checked, { imageOrientation: "from-image" });
  } catch (error) {
    throw refuse(broken, error);
  }
  // What was checked is what is used: a file that promised one size and has another is not to be trusted.
  const sizes = [bitmap.width, bitmap.height];
  if (!sizes.includes(width) || !sizes.includes(height) || bitmap.width * bitmap.height !== width * height) {
    bitmap.close();
    throw refuse(broken);
  }
  return turned(bitmap, orientation);
}
