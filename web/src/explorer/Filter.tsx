// Which vertices are shown: by kind, type and time.

export function Filter() {
  return null;
}
