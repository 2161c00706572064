// The picture in pixels.

import type { Picture } from "./picture";

/** What browsers draw on at most, and what people can still open. */
const MOST_PIXELS = 64_000_000;
const LONGEST = 16_000;

/** How many pixels a unit of the picture gets: as many as the screen gives it, unless those were too many. */
export function scaleOf({ width, height }: Picture, wanted: number): number {
  return Math.min(wanted, LONGEST / width, LONGEST / height, Math.sqrt(MOST_PIXELS / (width * height)));
}

/** Draw a picture in so many pixels to a unit. */
export async function png({ svg, width, height }: Picture, scale: number): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((file) => (file ? resolve(file) : reject(new Error("The browser could not draw it.")))),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
