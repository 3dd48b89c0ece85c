export interface Batch<T> {
  push(item: T): void;
  stop(): void;
}

/** Collects items and hands them over together, at most once every `ms`; of more than `most` the newest. */
export function batched<T>(take: (items: T[]) => void, ms = 250, most = 1000): Batch<T> {
  let waiting: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    push(item) {
      waiting.push(item);
      if (waiting.length > 2 * most) waiting = waiting.slice(-most);
      timer ??= setTimeout(() => {
        const items = waiting.slice(-most);
        timer = undefined;
        waiting = [];
        take(items);
      }, ms);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      waiting = [];
    },
  };
}
