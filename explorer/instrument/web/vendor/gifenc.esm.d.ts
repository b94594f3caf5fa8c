// What is used of gifenc, whose package comes without types.

type Rgb = number[];

export function GIFEncoder(): {
  writeFrame(
    indices: Uint8Array,
    width: number,
    height: number,
    options: { delay: number; palette?: Rgb[] },
  ): void;
  finish(): void;
  bytes(): Uint8Array<ArrayBuffer>;
};
export function quantize(rgba: Uint8Array, most: number): Rgb[];
export function applyPalette(rgba: Uint8Array, palette: Rgb[]): Uint8Array;
