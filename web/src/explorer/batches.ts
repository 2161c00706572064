// Fetches many keys in batches, each key once.

export interface Batches {
  /** Fetch the keys that have not been requested before. */
  want(keys: readonly string[]): void;
  /** Fetch again what has failed, or is in flight and will fail. */
  again(): void;
  /** Forget which keys have been requested. */
  clear(): void;
}

/** Collect keys for a few milliseconds, then fetch `size` at a time. */
export function batches(size: number, ask: (keys: readonly string[]) => Promise<unknown>): Batches {
  let asked = new Set<string>();
  let waiting: string[] = [];
  let failed: string[] = [];
  let running = false;
  /** How often `again` was called. */
  let attempt = 0;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    while (waiting.length) {
      const batch = waiting.splice(0, size);
      const [before, first] = [asked, attempt];
      await ask(batch).catch(() => {
        if (asked !== before) return; // cleared in the meantime
        for (const key of batch) asked.delete(key);
        if (attempt === first) failed.push(...batch);
        else want(batch);
      });
    }
    running = false;
  }

  function want(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !asked.has(key));
    for (const key of fresh) asked.add(key);
    waiting.push(...fresh);
    if (waiting.length) void run();
  }

  return {
    want,
    again() {
      attempt++;
      const keys = failed;
      failed = [];
      want(keys);
    },
    clear() {
      asked = new Set();
      waiting = [];
      failed = [];
    },
  };
}
