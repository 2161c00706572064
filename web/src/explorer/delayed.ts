// What is worth showing only where it lasts.

import { useEffect, useState } from "react";

/** Shorter work than this many milliseconds is over before one could read of it. */
const LONG = 400;

/** Whether something has been so for a while. */
export function useDelayed(is: boolean): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!is) return setLong(false);
    const timer = setTimeout(() => setLong(true), LONG);
    return () => clearTimeout(timer);
  }, [is]);
  return isLong;
}
