import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { live } from "../src/live/live.svelte";
import type { Socket } from "../src/live/stream";

const NOW = Date.UTC(2026, 0, 2, 12, 0, 0);
const STATE = {
  mode: "simulation",
  killSwitch: false,
  tradingState: "active",
  equity: { total: 1, botsAggregate: 2, fadeArena: 1 },
  openPositions: { count: 0, totalNotional: 0 },
  systemStatus: { hyperliquidConnected: true, lastEventTime: null, lastOrderTime: null, uptime: 1 },
  dailyPnL: { bots: null, fadeArena: null },
};
const SETTINGS = { version: 3, bots: [{ id: "grok-4", name: "Grok 4" }] };

let sockets: FakeSocket[];
let worker: { status: string; lastSeenAt: number | null; heartbeatAge: number | null };
let me: { role: string | null; expiresAt: number | null };

class FakeSocket implements Socket {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;

  constructor() {
    sockets.push(this);
  }
  close(): void {}
  say(type: string, seq: number, data: unknown, timestamp = Date.now()): void {
    this.onmessage?.({ data: JSON.stringify({ type, seq, timestamp, data }) } as MessageEvent);
  }
  hello(settingsVersion = 3): void {
    this.say("hello", 5, { state: STATE, settingsVersion, seqTimestamp: 1, heartbeatMs: 15_000 });
  }
}

function answered(path: string): unknown {
  if (path === "/api/state") return STATE;
  if (path === "/api/settings") return SETTINGS;
  if (path === "/api/me") return { actor: "anonymous", proof: "nothing", ...me };
  const hyperliquid = { status: "ok", latency: 1, lastSuccessfulCall: NOW };
  const checks = { database: { status: "ok", latency: 1 }, hyperliquid, worker, feeds: [] };
  return { status: "healthy", checks, timestamp: NOW };
}

const reads = vi.fn(async (path: string) => {
  return new Response(JSON.stringify(answered(path)), { headers: { "content-type": "application/json" } });
});
const paths = (): string[] => reads.mock.calls.map(([path]) => path);
const last = (): FakeSocket => sockets.at(-1)!;

async function started(): Promise<void> {
  await live.start();
  last().hello();
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  sockets = [];
  worker = { status: "ok", lastSeenAt: NOW, heartbeatAge: 10 };
  me = { role: "viewer", expiresAt: null };
  live.ready = false;
  live.state = live.settings = live.me = null;
  live.marks = {};
  reads.mockClear();
  vi.stubGlobal("fetch", reads);
  vi.stubGlobal("WebSocket", FakeSocket);
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

describe("live", () => {
  it("knows how things stand", async () => {
    await started();
    expect(live.status).toBe("live");
    expect(live.ready).toBe(true);
    expect(live.state).toEqual(STATE);
    expect(live.names).toEqual({ "grok-4": "Grok 4" });
    expect(live.mayChange).toBe(false);
    expect(paths().filter((path) => path === "/api/settings")).toHaveLength(1);
  });

  it("follows what changes", async () => {
    await started();
    last().say("state-update", 5, { killSwitch: true });
    last().say("settings-update", 6, { ...SETTINGS, version: 4 });
    last().say("marks", 6, { marks: { BTC: 1 } });
    last().say("marks", 6, { marks: { ETH: 2 } });
    expect(live.state).toEqual({ ...STATE, killSwitch: true });
    expect(live.settings?.version).toBe(4);
    expect(live.marks).toEqual({ BTC: 1, ETH: 2 });
  });

  it("hands messages on", async () => {
    await started();
    const some = vi.fn();
    const all = vi.fn();
    const ends = [live.on(["alert"], some), live.on(["*"], all)];
    last().say("alert", 6, {});
    last().say("gap", 7, {});
    for (const end of ends) end();
    last().say("alert", 8, {});
    expect(some).toHaveBeenCalledTimes(1);
    expect(all).toHaveBeenCalledTimes(2);
  });

  it("reads settings again where it has older ones", async () => {
    await live.start();
    last().hello(4);
    await vi.advanceTimersByTimeAsync(0);
    expect(paths().filter((path) => path === "/api/settings")).toHaveLength(2);
  });

  it("tells when everything has to be read again", async () => {
    await started();
    const reload = vi.fn();
    const end = live.onReload(reload);
    last().say("error", 9, { code: "reload", message: "another log" });
    expect(reload).toHaveBeenCalledTimes(1);
    end();
  });

  it("is not alarmed by a connection that is back at once", async () => {
    await started();
    last().onclose?.({ code: 1001 } as CloseEvent);
    await vi.advanceTimersByTimeAsync(1_000);
    last().hello();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(live.status).toBe("live");
  });

  it("is stale without a connection, since the last message", async () => {
    await started();
    await vi.advanceTimersByTimeAsync(5_000);
    last().onclose?.({ code: 1006 } as CloseEvent);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(live.status).toBe("stale");
    expect(live.staleSince).toBe(NOW);
    expect(live.staleWhy).toBe("The connection to the API is lost");
    last().hello();
    expect(live.status).toBe("live");
  });

  it("is stale after 20 s of silence", async () => {
    await started();
    await vi.advanceTimersByTimeAsync(19_000);
    expect(live.status).toBe("live");
    await vi.advanceTimersByTimeAsync(1_100);
    expect(live.status).toBe("stale");
  });

  it("is stale within 20 s where the worker is gone", async () => {
    await started();
    worker = { status: "down", lastSeenAt: NOW, heartbeatAge: 20_000 };
    await vi.advanceTimersByTimeAsync(10_100);
    last().say("heartbeat", 5, {});
    expect(live.status).toBe("stale");
    expect(live.staleSince).toBe(NOW);
    expect(live.staleWhy).toMatch(/^The worker has been silent since \d\d:\d\d:\d\d$/);
    worker = { status: "ok", lastSeenAt: NOW, heartbeatAge: 10 };
    await vi.advanceTimersByTimeAsync(10_100);
    expect(live.status).toBe("live");
  });

  it("asks for the worker at once where the state says that it hears nothing", async () => {
    await started();
    worker = { status: "down", lastSeenAt: NOW, heartbeatAge: 2_500 };
    last().say("state-update", 5, { systemStatus: { ...STATE.systemStatus, hyperliquidConnected: false } });
    await vi.advanceTimersByTimeAsync(0);
    expect(live.status).toBe("live");
    worker.heartbeatAge = 5_100;
    await vi.advanceTimersByTimeAsync(2_600);
    expect(live.status).toBe("stale");
  });

  it("shows pages without a stream after a while, and reads again when it comes", async () => {
    await live.start();
    live.ready = false;
    const reload = vi.fn();
    const end = live.onReload(reload);
    await vi.advanceTimersByTimeAsync(1_600);
    expect(live.ready).toBe(true);
    last().hello();
    expect(reload).toHaveBeenCalledTimes(1);
    end();
  });

  it("tells the time of the exchange, which may be ahead", async () => {
    await started();
    last().say("heartbeat", 5, {}, Date.now() + 2_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(live.now).toBe(Date.now() + 2_000);
    last().say("gap", 6, {}, Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(live.now).toBe(Date.now() + 3_600_000);
  });

  it("asks who one is once the session has ended", async () => {
    me = { role: "operator", expiresAt: NOW + 5_000 };
    await started();
    expect(live.mayChange).toBe(true);
    me = { role: "viewer", expiresAt: null };
    last().say("heartbeat", 5, {});
    await vi.advanceTimersByTimeAsync(10_100);
    expect(live.mayChange).toBe(false);
  });
});
