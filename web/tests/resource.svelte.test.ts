import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { live, type Message } from "../src/live/live.svelte";
import { resource, type Resource, type ResourceOptions } from "../src/live/resource.svelte";

type Handler = (message: Message) => void;

let handlers: Set<Handler>;
let reloads: Set<() => void>;
let end: () => void;

function mounted<T>(load: (signal: AbortSignal) => Promise<T>, options?: ResourceOptions): Resource<T> {
  let found!: Resource<T>;
  end = $effect.root(() => {
    found = resource(load, options);
  });
  flushSync();
  return found;
}

function say(): void {
  for (const handler of [...handlers]) handler({ type: "x", seq: 1, timestamp: 1, data: {} });
}

beforeEach(() => {
  vi.useFakeTimers();
  handlers = new Set();
  reloads = new Set();
  vi.spyOn(live, "on").mockImplementation((types, handler) => {
    if (types.length) handlers.add(handler);
    return () => handlers.delete(handler);
  });
  vi.spyOn(live, "onReload").mockImplementation((handler) => {
    reloads.add(handler);
    return () => reloads.delete(handler);
  });
});

afterEach(() => {
  end();
  expect(handlers.size + reloads.size).toBe(0);
  vi.useRealTimers();
});

describe("resource", () => {
  it("shows what was read", async () => {
    const found = mounted(async () => 5);
    expect(found.loading).toBe(true);
    expect(found.data).toBeUndefined();
    await vi.advanceTimersByTimeAsync(0);
    expect(found.data).toBe(5);
    expect(found.loading).toBe(false);
  });

  it("keeps what was read, beside the error of a later reading", async () => {
    const load = vi.fn<() => Promise<number>>().mockResolvedValueOnce(5).mockRejectedValueOnce(new Error("no"));
    const found = mounted(load);
    await vi.advanceTimersByTimeAsync(0);
    found.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(found.data).toBe(5);
    expect(found.error?.message).toBe("no");
    load.mockResolvedValueOnce(6);
    found.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(found.data).toBe(6);
    expect(found.error).toBeUndefined();
  });

  it("turns what is thrown into an error", async () => {
    const found = mounted((): Promise<number> => {
      throw new Error("at once");
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(found.error?.message).toBe("at once");
  });

  it("begins anew where its question changes, and drops older answers", async () => {
    let id = $state("a");
    const answers: Record<string, (answer: string) => void> = {};
    const signals: AbortSignal[] = [];
    const found = mounted((signal) => {
      signals.push(signal);
      const asked = id;
      return new Promise<string>((resolve) => (answers[asked] = resolve));
    });
    id = "b";
    flushSync();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    answers.b!("of b");
    await vi.advanceTimersByTimeAsync(0);
    answers.a!("of a");
    await vi.advanceTimersByTimeAsync(0);
    expect(found.data).toBe("of b");
  });

  it("does not show the answer to another question beside an error", async () => {
    let id = $state("a");
    const found = mounted(async () => {
      if (id === "b") throw new Error("no");
      return id;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(found.data).toBe("a");
    id = "b";
    flushSync();
    await vi.advanceTimersByTimeAsync(0);
    expect(found.data).toBeUndefined();
    expect(found.error?.message).toBe("no");
  });

  it("reads again after messages, at most so often", async () => {
    const load = vi.fn(async () => 1);
    mounted(load, { on: ["x"], everyMs: 700 });
    await vi.advanceTimersByTimeAsync(0);
    for (let i = 0; i < 100; i++) {
      say();
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(700);
    expect(load).toHaveBeenCalledTimes(4);
    await vi.advanceTimersByTimeAsync(10_000);
    say();
    expect(load).toHaveBeenCalledTimes(5);
  });

  it("reads once more where a message comes while it reads", async () => {
    let answer!: (x: number) => void;
    const load = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)));
    mounted(load, { on: ["x"] });
    await vi.advanceTimersByTimeAsync(5_000);
    say();
    say();
    expect(load).toHaveBeenCalledTimes(1);
    answer(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(load).toHaveBeenCalledTimes(2);
    answer(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it("reads again when everything may be wrong", async () => {
    const load = vi.fn(async () => 1);
    mounted(load);
    await vi.advanceTimersByTimeAsync(0);
    for (const reload of reloads) reload();
    expect(load).toHaveBeenCalledTimes(2);
  });
});
