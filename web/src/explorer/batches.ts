// Fetches many keys in batches, each key once.

export interface Batches {
  /** Fetch the keys that have not been requested before. */
  want(keys: readonly string[]): void;
  /** Fetch again what has failed, or is in flight and will fail. */
  retry(): void;
  /** Forget which keys have been requested. */
  clear(): void;
}

/** Collect keys for a few milliseconds, then fetch `size` at a time. */
export function batches(size: number, ask: (keys: readonly string[]) => Promise<unknown>): Batches {
  let requested = new Set<string>();
  let waiting: string[] = [];
  let failed: string[] = [];
  let running = false;
  /** How often `retry` was called. */
  let attempt = 0;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    while (waiting.length) {
      const batch = waiting.splice(0, size);
      const [before, first] = [requested, attempt];
      await ask(batch).catch(() => {
        if (requested !== before) return; // cleared in the meantime
        for (const key of batch) requested.delete(key);
        if (attempt === first) failed.push(...batch);
        else want(batch);
      });
    }
    running = false;
  }

  function want(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !requested.has(key));
    for (const key of fresh) requested.add(key);
    waiting.push(...fresh);
    if (waiting.length) void run();
  }

  return {
    want,
    retry() {
      attempt++;
      const keys = failed;
      failed = [];
      want(keys);
    },
    clear() {
      requested = new Set();
      waiting = [];
      failed = [];
    },
  };
}
