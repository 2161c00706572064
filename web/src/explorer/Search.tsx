// One box that finds vertices by whatever a person has at hand.

export function Search() {
  return null;
}
