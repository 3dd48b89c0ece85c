import { live } from "./live.svelte";

export interface Resource<T> {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly loading: boolean;
  refresh(): void;
}

export interface ResourceOptions {
  /** Types of messages after which it is read again. */
  on?: readonly string[];
  /** How far readings because of messages lie apart at least. */
  everyMs?: number;
}

const EVERY_MS = 700;

/**
 * What a component reads of the API, read again when that changes. Call it while the component initialises.
 *
 * What `load` reads of reactive state before its first await makes it begin anew; an answer to an older question is
 * dropped. If the new question fails, what answered the older one is not shown any more.
 */
export function resource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  { on = [], everyMs = EVERY_MS }: ResourceOptions = {},
): Resource<T> {
  let data = $state.raw<T | undefined>();
  let error = $state.raw<Error | undefined>();
  let loading = $state(true);
  let again: () => void = () => {};

  $effect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    let isBusy = false;
    let isAnswered = false;
    let isWanted = false;
    let began = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const settle = (answer: T | undefined, trouble: Error | undefined) => {
      if (signal.aborted) return;
      if (!trouble || !isAnswered) data = answer;
      isAnswered ||= !trouble;
      error = trouble;
      isBusy = loading = false;
      if (isWanted) soon();
    };
    const read = () => {
      timer = undefined;
      isWanted = false;
      isBusy = loading = true;
      began = Date.now();
      new Promise<T>((resolve) => resolve(load(signal))).then(
        (answer) => settle(answer, undefined),
        (trouble: unknown) => settle(undefined, trouble instanceof Error ? trouble : new Error(String(trouble))),
      );
    };
    const soon = (waitMs = Math.max(0, began + everyMs - Date.now())) => {
      if (isBusy) isWanted = true;
      else if (waitMs === 0) {
        clearTimeout(timer);
        read();
      } else timer ??= setTimeout(read, waitMs);
    };

    again = () => soon(0);
    const ends = [live.onReload(again), live.on(on, () => soon())];
    read();
    return () => {
      abort.abort();
      clearTimeout(timer);
      for (const end of ends) end();
    };
  });

  return {
    get data() {
      return data;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    refresh: () => again(),
  };
}
