import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../../explorer/instrument/web/uploads/zip.js";

test("a CRC is that of everybody else", async () => {
  // The check value of CRC-32/ISO-HDLC in Cook's catalogue, and what zlib makes of 300 × all bytes in order.
  assert.equal(await crc32(new Blob(["123456789"])), 0xcbf43926);
  const every = Uint8Array.from({ length: 256 * 300 }, (_, at) => at % 256);
  assert.equal(await crc32(new Blob([every])), 3147626774);
  assert.equal(await crc32(new Blob([])), 0);
});
