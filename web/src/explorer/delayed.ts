// A hook that delays an indicator, so that it does not flash for short work.

import { useEffect, useState } from "react";

/** In milliseconds; shorter work ends before the indicator could be read. */
const LONG = 400;

/** Whether `is` has been true for a while. */
export function useDelayed(is: boolean): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!is) return setLong(false);
    const timer = setTimeout(() => setLong(true), LONG);
    return () => clearTimeout(timer);
  }, [is]);
  return isLong;
}
