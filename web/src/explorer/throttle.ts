// Throttles a function.

/** Runs `act` on the first call, and at most once per interval; calls in between run it once at the interval's end. */
export function throttled(milliseconds: number, act: () => void): () => void {
  let isResting = false;
  let isWanted = false;
  const call = () => {
    isWanted = isResting;
    if (isResting) return;
    isResting = true;
    setTimeout(() => {
      isResting = false;
      if (isWanted) call();
    }, milliseconds);
    act();
  };
  return call;
}
