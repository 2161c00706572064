// What is worth showing only where it lasts.

import { useEffect, useState } from "react";

/** Shorter work than this many milliseconds is over before one could read of it. */
const LONG = 400;

/** Whether something has been so for a while. */
export function useLasting(is: boolean): boolean {
  const [isLasting, setLasting] = useState(false);
  useEffect(() => {
    if (!is) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), LONG);
    return () => clearTimeout(timer);
  }, [is]);
  return isLasting;
}
