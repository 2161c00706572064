// Doing something no more often than there is time for.

/** Do something when it is called for, but for calls that come soon after once, a while after that. */
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
