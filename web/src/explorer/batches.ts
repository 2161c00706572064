// Asking for many things, a batch at a time, each of them once.

export interface Batches {
  want(keys: readonly string[]): void;
  /** Want once more what could not be had, or is about to fail. */
  again(): void;
  /** Ask anew for whatever is wanted from now on. */
  clear(): void;
}

/** Collect what is wanted for a moment, then ask for `size` at a time. */
export function batches(size: number, ask: (keys: readonly string[]) => Promise<unknown>): Batches {
  let asked = new Set<string>();
  let waiting: string[] = [];
  let failed: string[] = [];
  let running = false;
  /** How often what failed has been wanted once more. */
  let attempt = 0;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    while (waiting.length) {
      const batch = waiting.splice(0, size);
      const [before, first] = [asked, attempt];
      await ask(batch).catch(() => {
        if (asked !== before) return; // it has been cleared meanwhile
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
