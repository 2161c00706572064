// The paths between two vertices that the user picks.

export function Paths() {
  return null;
}
