/** A message of `/ws`. What `data` is depends on `type`: see docs/api.md. */
export interface Message {
  type: string;
  seq: number;
  timestamp: number;
  data: any;
}

export interface Socket {
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  close(): void;
}

export interface Timing {
  now(): number;
  set(callback: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

export interface StreamOptions {
  /** Address without a query. */
  url: string;
  connect: (url: string) => Socket;
  timing: Timing;
  /** A number from 0 to 1: how much of a wait is added to it. */
  jitter: () => number;
  onMessage: (message: Message) => void;
  /** What was read before may be wrong: read everything again. */
  onReload: () => void;
  onUnauthorised: () => void;
  /** There is no connection, or a silent one; it is sought again. */
  onLost: (why: string) => void;
}

export const SILENCE_MS = 20_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const NO_RECORDS = new Set(["hello", "heartbeat", "state-update", "error", "marks"]);
const REVOKED = 1008;
const REPLACED = 1012;

/** The connection to `/ws`: kept up, replaced when it is silent, and gone on with where it broke off. */
export class Stream {
  readonly #options: StreamOptions;
  #socket: Socket | null = null;
  #isWanted = false;
  #mustReload = false;
  #wait = FIRST_WAIT_MS;
  #retry: unknown = null;
  #watch: unknown = null;
  #heard = 0;
  #seq: number | null = null;
  #seqTime: number | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Number of the last record; null before the first message. */
  get seq(): number | null {
    return this.#seq;
  }

  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  stop(): void {
    this.#isWanted = false;
    this.#drop();
  }

  /** Connect at once where there is no connection, or a silent one: the page was woken, or the network is back. */
  wake(): void {
    if (!this.#isWanted) return;
    const isSilent = this.#options.timing.now() - this.#heard > SILENCE_MS;
    if (this.#socket && !isSilent) return;
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  #open(): void {
    this.#drop();
    const { timing, connect } = this.#options;
    this.#heard = timing.now();
    this.#watch = timing.set(() => this.#check(), SILENCE_MS);
    const isNew = this.#seq === null;
    const socket = connect(this.#address());
    socket.onmessage = (event) => this.#hear(String(event.data), isNew);
    socket.onclose = (event) => this.#ended(event.code);
    this.#socket = socket;
  }

  #address(): string {
    if (this.#seq === null) return this.#options.url;
    const query = new URLSearchParams({ since: String(this.#seq) });
    if (this.#seqTime !== null) query.set("timestamp", String(this.#seqTime));
    return `${this.#options.url}?${query}`;
  }

  #hear(text: string, isNew: boolean): void {
    this.#heard = this.#options.timing.now();
    const message = read(text);
    if (!message || !this.#takes(message, isNew)) return;
    this.#options.onMessage(message);
    if (this.#mustReload) {
      this.#mustReload = false;
      this.#options.onReload();
    }
  }

  /** Remember where the log stands; false for a record that was heard before. */
  #takes(message: Message, isNew: boolean): boolean {
    const { type, seq, data } = message;
    if (!NO_RECORDS.has(type)) {
      if (this.#seq !== null && seq <= this.#seq) return false;
      this.#stand(seq, message.timestamp);
    } else if (type === "hello") {
      // With `since` the number of `hello` is ahead of the records that follow it.
      if (isNew) this.#stand(seq, data?.seqTimestamp ?? null);
    } else if (type === "error") {
      if (data?.code === "reload") {
        this.#stand(seq, null);
        this.#mustReload = true;
      }
    } else if (type === "heartbeat") {
      this.#wait = FIRST_WAIT_MS;
      if (this.#seq === null || seq > this.#seq) this.#stand(seq, null);
    }
    return true;
  }

  #stand(seq: number | null, time: number | null): void {
    this.#seq = seq;
    this.#seqTime = time;
  }

  #ended(code: number): void {
    this.#drop();
    if (code === REVOKED) {
      this.#isWanted = false;
      this.#options.onLost("The session has ended");
      this.#options.onUnauthorised();
      return;
    }
    if (code === REPLACED) {
      this.#stand(null, null);
      this.#mustReload = true;
    }
    this.#options.onLost("The connection to the API is lost");
    this.#again();
  }

  #check(): void {
    const { timing } = this.#options;
    const left = this.#heard + SILENCE_MS - timing.now();
    if (left > 0) {
      this.#watch = timing.set(() => this.#check(), left);
      return;
    }
    this.#options.onLost("The API has been silent for 20 s");
    this.#open();
  }

  #again(): void {
    const wait = this.#wait * (1 + this.#options.jitter());
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#retry = this.#options.timing.set(() => this.#open(), wait);
  }

  #drop(): void {
    const { timing } = this.#options;
    timing.clear(this.#watch);
    timing.clear(this.#retry);
    this.#watch = this.#retry = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** Wake a stream when the network or the page comes back; what is returned ends that. */
export function wakeOnReturn(stream: Pick<Stream, "wake">, page: Window = window): () => void {
  const wake = () => stream.wake();
  const shown = () => {
    if (page.document.visibilityState === "visible") stream.wake();
  };
  page.addEventListener("online", wake);
  page.addEventListener("pageshow", wake);
  page.document.addEventListener("visibilitychange", shown);
  return () => {
    page.removeEventListener("online", wake);
    page.removeEventListener("pageshow", wake);
    page.document.removeEventListener("visibilitychange", shown);
  };
}

function read(text: string): Message | null {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return null;
  }
}
