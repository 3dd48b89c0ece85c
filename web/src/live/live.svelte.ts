import { get, onUnauthorised } from "../api/client";
import type { Health, Me, Settings, State } from "../api/types";
import { time } from "../lib/format";
import { SILENCE_MS, Stream, wakeOnReturn, type Message } from "./stream";

export type { Message } from "./stream";

/** `since` is when the numbers were right last, as far as that is known. */
interface Trouble {
  since: number | null;
  why: () => string;
}

const READY_MS = 1_500;
const BLINK_MS = 2_000;
const HEALTH_MS = 10_000;
const DOUBT_MS = 2_500;
const SILENT_MS = 5_000;

/** What every page knows: how things stand, kept current by the stream. */
class Live {
  state = $state.raw<State | null>(null);
  settings = $state.raw<Settings | null>(null);
  marks = $state.raw<Record<string, number>>({});
  me = $state.raw<Me | null>(null);
  /** Milliseconds by the exchange's clock; ticks each second. */
  now = $state(Date.now());
  /** Milliseconds by the server's clock, by which heartbeats and requests are dated; ticks with `now`. */
  serverNow = $state(Date.now());
  /** Whether nothing is missed from now on: pages are shown then. */
  ready = $state(false);

  readonly mayChange = $derived(this.me?.role === "operator");
  readonly names: Record<string, string> = $derived(
    Object.fromEntries((this.settings?.bots ?? []).map((bot) => [bot.id, bot.name])),
  );

  #isHeard = $state(false);
  #lost = $state.raw<Trouble | null>(null);
  #silent = $state.raw<Trouble | null>(null);
  readonly #trouble = $derived(this.#lost ?? this.#silent);
  readonly status: "connecting" | "live" | "stale" = $derived(
    this.#trouble ? "stale" : this.#isHeard ? "live" : "connecting",
  );
  readonly staleSince: number | null = $derived(this.#trouble?.since ?? null);
  readonly staleWhy: string = $derived(this.#trouble?.why() ?? "");

  #handlers = new Map<string, Set<(message: Message) => void>>();
  #reloads = new Set<() => void>();
  #stream: Stream | null = null;
  #ends: (() => void)[] = [];
  #blink: ReturnType<typeof setTimeout> | undefined;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #serverAhead = 0;
  #venueAhead = -Infinity;
  #heard: number | null = null;

  /** Number of the last record; null before the first message. */
  get seq(): number | null {
    return this.#stream?.seq ?? null;
  }

  /** Read how things stand and follow the stream; a second call changes nothing while it runs. */
  async start(): Promise<void> {
    if (this.#stream) return;
    const stream = this.#connected();
    this.#stream = stream;
    const ticks = setInterval(() => this.#tick(), 1_000);
    const patience = setTimeout(() => (this.ready = true), READY_MS);
    this.#ends = [
      () => stream.stop(),
      wakeOnReturn(stream),
      () => clearInterval(ticks),
      () => clearTimeout(patience),
      () => clearTimeout(this.#blink),
      () => clearTimeout(this.#probe),
    ];
    stream.start();
    void this.#checkHealth();
    await (this.#reading = this.#read());
  }

  /** Follow nothing any more. */
  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#stream = null;
    this.#isHeard = false;
    this.#found();
    this.#silent = null;
  }

  /** Ask again who is asking. */
  async refreshMe(): Promise<void> {
    this.me = await get<Me>("/api/me");
  }

  /** Hear messages of some types; `*` is all of them. What is returned ends that. */
  on(types: readonly string[], handler: (message: Message) => void): () => void {
    for (const type of types) {
      let found = this.#handlers.get(type);
      if (!found) this.#handlers.set(type, (found = new Set()));
      found.add(handler);
    }
    return () => {
      for (const type of types) this.#handlers.get(type)?.delete(handler);
    };
  }

  /** Hear when what was read before may be wrong or incomplete. */
  onReload(handler: () => void): () => void {
    this.#reloads.add(handler);
    return () => this.#reloads.delete(handler);
  }

  #connected(): Stream {
    return new Stream({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`,
      connect: (url) => new WebSocket(url),
      timing: {
        now: () => Date.now(),
        set: (call, ms) => setTimeout(call, ms),
        clear: (timer) => clearTimeout(timer as number),
      },
      jitter: () => Math.random() / 2,
      onMessage: (message) => this.#take(message),
      onReload: () => this.#reload(),
      onUnauthorised,
      onLost: (why) => this.#lose(why),
    });
  }

  /** Read what stands, unless something newer comes meanwhile. */
  async #read(): Promise<void> {
    const { state, settings } = this;
    const reads = [
      get<State>("/api/state").then((found) => {
        if (this.state === state) this.state = found;
      }),
      get<Settings>("/api/settings").then((found) => {
        if (this.settings === settings) this.settings = found;
      }),
      this.refreshMe(),
    ];
    await Promise.allSettled(reads);
  }

  #take(message: Message): void {
    this.#heard = Date.now();
    this.#found();
    const { type, data } = message;
    this.#learnClock(message);
    if (type === "hello") this.#greet(data);
    else if (type === "state-update") this.#update(data as Partial<State>);
    else if (type === "settings-update") this.settings = data as Settings;
    else if (type === "marks") this.marks = { ...this.marks, ...(data.marks as Record<string, number>) };
    for (const heard of [type, "*"]) {
      for (const handler of this.#handlers.get(heard) ?? []) handler(message);
    }
  }

  #greet(hello: { state: State; settingsVersion: number }): void {
    this.state = hello.state;
    if (this.ready && !this.#isHeard) this.#reload();
    this.#isHeard = this.ready = true;
    this.#tick();
    void this.#reading.then(() => {
      if (!this.me || this.settings?.version !== hello.settingsVersion) return this.#read();
    });
  }

  #update(change: Partial<State>): void {
    if (!this.state) return;
    const before = this.state.systemStatus;
    this.state = { ...this.state, ...change };
    const after = this.state.systemStatus;
    if (before.hyperliquidConnected !== after.hyperliquidConnected) void this.#checkHealth();
  }

  #reload(): void {
    void this.#read();
    for (const handler of this.#reloads) handler();
  }

  /** A connection that is back at once is no reason to alarm anybody. */
  #lose(why: string): void {
    if (this.#lost || this.#blink !== undefined) return;
    const heard = this.#heard ?? Date.now();
    const wait = Date.now() - heard < SILENCE_MS / 2 ? BLINK_MS : 0;
    const lost = { since: heard + this.#ahead, why: () => why };
    this.#blink = setTimeout(() => (this.#lost = lost), wait);
  }

  #found(): void {
    clearTimeout(this.#blink);
    this.#blink = undefined;
    this.#lost = null;
  }

  async #checkHealth(): Promise<void> {
    clearTimeout(this.#probe);
    let next = HEALTH_MS;
    try {
      const expires = this.me?.expiresAt;
      if (expires && expires < Date.now() + this.#serverAhead) await this.refreshMe();
      const { checks } = await get<Health>("/api/health");
      const isDoubtful = checks.worker.status === "down" && (checks.worker.heartbeatAge ?? SILENT_MS) < SILENT_MS;
      if (isDoubtful) next = DOUBT_MS;
      else this.#silent = troubleOf(checks);
    } catch {
      // The connection itself tells whether the API is there.
    }
    if (this.#stream) this.#probe = setTimeout(() => void this.#checkHealth(), next);
  }

  get #ahead(): number {
    return Math.max(this.#serverAhead, this.#venueAhead);
  }

  /** Records bear the exchange's time, which in a sandbox may be ahead of the server's. */
  #learnClock({ type, timestamp }: Message): void {
    const ahead = timestamp - Date.now();
    if (type === "hello") this.#venueAhead = -Infinity;
    if (type === "hello" || type === "heartbeat") this.#serverAhead = ahead;
    else if (type !== "error" && type !== "state-update" && type !== "marks") {
      this.#venueAhead = Math.max(this.#venueAhead, ahead);
    }
  }

  #tick(): void {
    this.now = Date.now() + this.#ahead;
    this.serverNow = Date.now() + this.#serverAhead;
  }
}

/** What is wrong with what the numbers come from. */
function troubleOf({ database, worker, hyperliquid }: Health["checks"]): Trouble | null {
  if (database.status !== "ok") return { since: null, why: () => "The database does not answer" };
  const seen = worker.lastSeenAt;
  if (worker.status === "degraded") return { since: seen, why: () => "The worker is starting or recovering" };
  if (worker.status !== "ok") {
    const why = () => (seen === null ? "No worker runs" : `The worker has been silent since ${time(seen)}`);
    return { since: seen, why };
  }
  const called = hyperliquid.lastSuccessfulCall;
  if (hyperliquid.status !== "down") return null;
  return { since: called, why: () => "The worker does not hear the exchange" };
}

export const live = new Live();
