import { beforeEach, describe, expect, it, vi } from "vitest";
import { Stream, wakeOnReturn, type Message, type Socket, type Timing } from "../src/live/stream";

class FakeSocket implements Socket {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {}

  close(): void {
    this.isClosed = true;
  }

  say(type: string, seq: number, data: unknown = {}, timestamp = 1_000 + seq): void {
    this.onmessage?.({ data: JSON.stringify({ type, seq, timestamp, data }) } as MessageEvent);
  }

  end(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }
}

class FakeTiming implements Timing {
  #now = 0;
  #next = 1;
  #timers = new Map<number, { at: number; call: () => void }>();

  now(): number {
    return this.#now;
  }
  set(call: () => void, ms: number): unknown {
    this.#timers.set(this.#next, { at: this.#now + ms, call });
    return this.#next++;
  }
  clear(timer: unknown): void {
    this.#timers.delete(timer as number);
  }
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = due[1].at;
      due[1].call();
    }
    this.#now = end;
  }
}

let sockets: FakeSocket[];
let timing: FakeTiming;
let heard: Message[];
const onReload = vi.fn();
const onUnauthorised = vi.fn();
const onLost = vi.fn();
const jitter = vi.fn(() => 0);

const last = (): FakeSocket => sockets.at(-1)!;
const seqs = (): number[] => heard.map(({ seq }) => seq);

function stream(): Stream {
  const made = new Stream({
    url: "ws://here/ws",
    connect: (url) => {
      sockets.push(new FakeSocket(url));
      return last();
    },
    timing,
    jitter,
    onMessage: (message) => heard.push(message),
    onReload,
    onUnauthorised,
    onLost,
  });
  made.start();
  return made;
}

beforeEach(() => {
  vi.resetAllMocks();
  jitter.mockReturnValue(0);
  sockets = [];
  heard = [];
  timing = new FakeTiming();
});

describe("where it goes on", () => {
  it("asks for what followed the last record, with its time", () => {
    stream();
    expect(last().url).toBe("ws://here/ws");
    last().say("hello", 7, { seqTimestamp: 5_000 });
    last().say("my-trade", 8);
    last().end(1001);
    timing.pass(250);
    expect(last().url).toBe("ws://here/ws?since=8&timestamp=1008");
  });

  it("goes on from hello where no record came", () => {
    stream();
    last().say("hello", 7, { seqTimestamp: 5_000 });
    last().say("heartbeat", 7);
    last().end(1001);
    timing.pass(250);
    expect(last().url).toBe("ws://here/ws?since=7&timestamp=5000");
  });

  it("names no time that it does not know", () => {
    stream();
    last().say("hello", 0, { seqTimestamp: null });
    last().say("heartbeat", 9);
    last().end(1001);
    timing.pass(250);
    expect(last().url).toBe("ws://here/ws?since=9");
  });

  it("takes the hello of a second connection for no record", () => {
    stream();
    last().say("hello", 7, { seqTimestamp: 5_000 });
    last().end(1001);
    timing.pass(250);
    last().say("hello", 20, { seqTimestamp: 9_000 });
    last().say("my-trade", 8);
    last().say("my-trade", 9);
    expect(seqs()).toEqual([7, 20, 8, 9]);
  });

  it("drops records that were heard, and nothing else", () => {
    stream();
    last().say("hello", 7, { seqTimestamp: 5_000 });
    last().say("my-trade", 7);
    last().say("my-trade", 8);
    last().say("my-trade", 8);
    last().say("state-update", 8);
    last().say("marks", 8);
    last().say("heartbeat", 8);
    last().onmessage?.({ data: "{" } as MessageEvent);
    expect(heard.map(({ type }) => type)).toEqual(["hello", "my-trade", "state-update", "marks", "heartbeat"]);
  });
});

describe("reading everything again", () => {
  it("follows an error that says so, and goes on from there", () => {
    stream();
    last().say("hello", 50, { seqTimestamp: 5_000 });
    last().say("error", 12, { code: "reload", message: "another log" });
    expect(onReload).toHaveBeenCalledTimes(1);
    last().say("my-trade", 13);
    expect(seqs()).toEqual([50, 12, 13]);
    last().say("error", 13, { code: "malformed" });
    expect(onReload).toHaveBeenCalledTimes(1);
  });

  it("follows a log that was replaced, once there is a connection", () => {
    stream();
    last().say("hello", 50, { seqTimestamp: 5_000 });
    last().end(1012);
    timing.pass(250);
    expect(last().url).toBe("ws://here/ws");
    last().say("hello", 3, { seqTimestamp: 1 });
    expect(onReload).toHaveBeenCalledTimes(1);
    last().say("my-trade", 4);
    expect(seqs()).toEqual([50, 3, 4]);
  });
});

describe("a connection that is lost", () => {
  it("is sought again, more and more rarely", () => {
    stream();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = sockets.length;
      const began = timing.now();
      last().end(1006);
      while (sockets.length === before) timing.pass(50);
      waits.push(timing.now() - began);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it("adds the jitter", () => {
    jitter.mockReturnValue(0.5);
    stream();
    last().end(1006);
    timing.pass(374);
    expect(sockets).toHaveLength(1);
    timing.pass(1);
    expect(sockets).toHaveLength(2);
  });

  it("is sought fast again after a heartbeat", () => {
    stream();
    last().end(1006);
    timing.pass(250);
    last().end(1006);
    timing.pass(500);
    last().say("heartbeat", 1);
    last().end(1013);
    timing.pass(250);
    expect(sockets).toHaveLength(4);
  });

  it("is told of", () => {
    stream();
    last().end(1006);
    expect(onLost).toHaveBeenCalledWith("The connection to the API is lost");
  });

  it("ends where the session has ended", () => {
    const made = stream();
    last().end(1008);
    timing.pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(onUnauthorised).toHaveBeenCalledTimes(1);
    made.start();
    expect(sockets).toHaveLength(2);
  });

  it("is not sought after stop", () => {
    const made = stream();
    made.stop();
    expect(sockets[0]!.isClosed).toBe(true);
    timing.pass(60_000);
    made.wake();
    expect(sockets).toHaveLength(1);
  });
});

describe("silence", () => {
  it("replaces the socket after 20 s", () => {
    stream();
    last().say("hello", 1, { seqTimestamp: 1 });
    timing.pass(15_000);
    last().say("heartbeat", 1);
    timing.pass(19_999);
    expect(onLost).not.toHaveBeenCalled();
    timing.pass(1);
    expect(onLost).toHaveBeenCalledWith("The API has been silent for 20 s");
    expect(sockets[0]!.isClosed).toBe(true);
    expect(sockets).toHaveLength(2);
  });

  it("hears nothing of a socket that was replaced", () => {
    stream();
    const first = last();
    timing.pass(20_000);
    first.say("my-trade", 5);
    first.end(1008);
    expect(heard).toEqual([]);
    expect(onUnauthorised).not.toHaveBeenCalled();
  });
});

describe("waking", () => {
  it("connects at once while it waits", () => {
    const made = stream();
    for (let i = 0; i < 6; i++) {
      last().end(1006);
      timing.pass(10_000);
    }
    last().end(1006);
    const before = sockets.length;
    made.wake();
    expect(sockets).toHaveLength(before + 1);
    made.wake();
    expect(sockets).toHaveLength(before + 1);
  });

  it("comes with the network and the page", () => {
    const wake = vi.fn();
    const end = wakeOnReturn({ wake });
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(new Event("pageshow"));
    document.dispatchEvent(new Event("visibilitychange"));
    expect(wake).toHaveBeenCalledTimes(3);
    end();
    window.dispatchEvent(new Event("online"));
    expect(wake).toHaveBeenCalledTimes(3);
  });
});
