// Renders the picture as a PNG.

import type { Picture } from "./picture";

/** Limits of browsers' canvases, and of what image viewers can open. */
const MAX_PIXELS = 64_000_000;
const MAX_SIDE = 16_000;

/** The scale in pixels per unit of the picture: the wanted one, unless the image would be too large. */
export function scaleOf({ width, height }: Picture, wanted: number): number {
  return Math.min(wanted, MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_PIXELS / (width * height)));
}

/** Render a picture at a scale. */
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
