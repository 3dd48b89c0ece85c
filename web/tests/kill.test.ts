import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, send } from "../src/api/client";
import { live } from "../src/live/live.svelte";
import HoldButton from "../src/pages/risk/HoldButton.svelte";
import { HOLD_MS, hold } from "../src/pages/risk/hold";
import { failure, isTyping, outcome, QUEUED, SLOW } from "../src/pages/risk/kill";
import { killControl } from "../src/pages/risk/kill.svelte";
import KillControl from "../src/pages/risk/KillControl.svelte";

vi.mock("../src/api/client", async (original) => ({ ...(await original<object>()), send: vi.fn() }));
vi.mock("../src/live/live.svelte", () => ({ live: { state: null, me: null, mayChange: false } }));

const STATE = { killSwitch: true, tradingState: "halted", message: "No order leaves any more" } as const;
const CONFIRMED = { success: true, flat: false, ...STATE } as const;
const asked = vi.mocked(send);
const known = live as unknown as { state: unknown; me: unknown; mayChange: boolean };

let shown: ReturnType<typeof mount> | undefined;

function show(component: typeof KillControl): void {
  shown = mount(component, { target: document.body });
  flushSync();
}

function button(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll("button")].find((each) => each.textContent?.trim() === name);
  if (!found) throw new Error(`There is no button ${name}`);
  return found;
}

function fire(target: EventTarget, event: Event): Event {
  target.dispatchEvent(event);
  flushSync();
  return event;
}

const pointer = (type: string) => new PointerEvent(type, { button: 0, bubbles: true, cancelable: true });
const key = (type: string, name: string, repeat = false) =>
  new KeyboardEvent(type, { key: name, repeat, bubbles: true, cancelable: true });

async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  flushSync();
}

beforeEach(() => {
  vi.useFakeTimers();
  asked.mockReset();
  Object.assign(known, { state: null, me: { role: "operator" }, mayChange: true });
});

afterEach(async () => {
  if (shown) await unmount(shown);
  shown = undefined;
  killControl.dismiss();
  killControl.open = false;
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("holding", () => {
  test("acts while it is still held, once", () => {
    const onheld = vi.fn();
    const timer = hold(onheld);
    timer.press();
    vi.advanceTimersByTime(HOLD_MS - 1);
    expect(onheld).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    timer.press();
    vi.advanceTimersByTime(10 * HOLD_MS);
    expect(onheld).toHaveBeenCalledTimes(1);
    expect(timer.release()).toBe("held");
    expect(timer.release()).toBe("none");
  });

  test("that ends too early does nothing, also not later", () => {
    const onheld = vi.fn();
    const timer = hold(onheld);
    timer.press();
    vi.advanceTimersByTime(HOLD_MS - 1);
    expect(timer.release()).toBe("short");
    vi.advanceTimersByTime(HOLD_MS);
    expect(onheld).not.toHaveBeenCalled();
  });

  test("begins anew after a release", () => {
    const onheld = vi.fn();
    const timer = hold(onheld);
    for (let n = 0; n < 2; n += 1) {
      timer.press();
      vi.advanceTimersByTime(HOLD_MS);
      timer.release();
    }
    expect(onheld).toHaveBeenCalledTimes(2);
  });
});

describe("the button", () => {
  const onheld = vi.fn();
  const onshort = vi.fn();

  beforeEach(() => {
    onheld.mockReset();
    onshort.mockReset();
    shown = mount(HoldButton, { target: document.body, props: { label: "Kill", onheld, onshort } });
    flushSync();
  });

  test("is held by pointer", () => {
    fire(button("Kill"), pointer("pointerdown"));
    expect(button("Kill").classList.contains("pressed")).toBe(true);
    vi.advanceTimersByTime(HOLD_MS);
    fire(button("Kill"), pointer("pointerup"));
    expect([onheld.mock.calls.length, onshort.mock.calls.length]).toEqual([1, 0]);
  });

  test.each(["Enter", " "])("is held by the key %j, whose repetitions count for nothing", (name) => {
    const down = fire(button("Kill"), key("keydown", name));
    fire(button("Kill"), key("keydown", name, true));
    vi.advanceTimersByTime(HOLD_MS);
    fire(button("Kill"), key("keydown", name, true));
    fire(button("Kill"), key("keyup", name));
    vi.advanceTimersByTime(HOLD_MS);
    expect(down.defaultPrevented).toBe(true);
    expect([onheld.mock.calls.length, onshort.mock.calls.length]).toEqual([1, 0]);
  });

  test("tells of a press that was too short, and of one that slid away", () => {
    fire(button("Kill"), pointer("pointerdown"));
    fire(button("Kill"), pointer("pointerup"));
    fire(button("Kill"), pointer("pointerdown"));
    fire(button("Kill"), pointer("pointerleave"));
    vi.advanceTimersByTime(HOLD_MS);
    expect([onheld.mock.calls.length, onshort.mock.calls.length]).toEqual([0, 2]);
  });

  test("does nothing after it lost the focus", () => {
    fire(button("Kill"), key("keydown", "Enter"));
    fire(button("Kill"), new FocusEvent("blur"));
    vi.advanceTimersByTime(HOLD_MS);
    expect([onheld.mock.calls.length, onshort.mock.calls.length]).toEqual([0, 0]);
  });
});

describe("what came of a stop", () => {
  test("is confirmed, with how flat it is", () => {
    expect(outcome(CONFIRMED, false).text).toBe("Confirmed: No order leaves any more.");
    expect(outcome(CONFIRMED, true).text).toMatch(/Not flat yet\.$/);
    expect(outcome({ ...CONFIRMED, flat: true }, true).text).toMatch(/Everything is flat\.$/);
  });

  test("is queued, never confirmed, without a worker", () => {
    expect(outcome({ ...CONFIRMED, killSwitch: false, confirmed: false }, true)).toEqual({
      kind: "queued",
      text: QUEUED,
      flatten: true,
    });
  });

  test("is a failure that names another way where the API is away", () => {
    expect(failure(new ApiError(0, "The API does not answer"), false).text).toMatch(/^Not confirmed\. .*the file KILL/);
    expect(failure(new ApiError(403, "A viewer may only look"), false).text).toBe(
      "Not confirmed. A viewer may only look",
    );
  });
});

describe("the control", () => {
  test("kills without flattening once it was held", async () => {
    asked.mockResolvedValue(CONFIRMED);
    show(KillControl);
    fire(button("Kill"), pointer("pointerdown"));
    await settle(HOLD_MS);
    fire(button("Kill"), pointer("pointerup"));
    expect(asked.mock.calls).toEqual([["POST", "/api/kill-switch", { active: true, flatten: false }]]);
    expect(document.body.textContent).toContain("Confirmed: No order leaves any more.");
  });

  test("sends nothing after a short press, and says so", async () => {
    show(KillControl);
    fire(button("Kill"), pointer("pointerdown"));
    fire(button("Kill"), pointer("pointerup"));
    await settle(HOLD_MS);
    expect(asked).not.toHaveBeenCalled();
    expect(document.body.textContent).toContain("Hold to stop everything.");
  });

  test("flattens from its dialog, which k opens", async () => {
    asked.mockResolvedValue({ ...CONFIRMED, tradingState: "flattening" });
    show(KillControl);
    fire(document.body, key("keydown", "k"));
    expect(killControl.open).toBe(true);
    fire(button("Hold to kill and flatten"), key("keydown", "Enter"));
    await settle(HOLD_MS);
    expect(asked.mock.calls).toEqual([["POST", "/api/kill-switch", { active: true, flatten: true }]]);
    expect(document.body.textContent).toContain("Not flat yet.");
  });

  test("offers to try a failed stop again at once", async () => {
    asked.mockRejectedValueOnce(new ApiError(503, "The database does not answer")).mockResolvedValueOnce(CONFIRMED);
    show(KillControl);
    fire(button("Kill"), pointer("pointerdown"));
    await settle(HOLD_MS);
    expect(document.body.textContent).toContain("Not confirmed. The database does not answer");
    fire(button("Retry now"), new MouseEvent("click", { bubbles: true, detail: 1 }));
    await settle();
    expect(asked).toHaveBeenCalledTimes(2);
    expect(document.body.textContent).toContain("Confirmed:");
  });

  test("says that an answer is late, and may be asked again meanwhile", async () => {
    asked.mockReturnValue(new Promise(() => {}));
    show(KillControl);
    fire(button("Kill"), pointer("pointerdown"));
    await settle(HOLD_MS + 5_000);
    expect(document.body.textContent).toContain(SLOW);
    expect(button("Retry now").disabled).toBe(false);
  });

  test("keeps a stop that is queued in sight", async () => {
    asked.mockResolvedValue({ ...CONFIRMED, killSwitch: false, confirmed: false });
    show(KillControl);
    fire(button("Kill"), pointer("pointerdown"));
    await settle(HOLD_MS);
    await settle(60_000);
    expect(document.body.textContent).toContain(QUEUED);
  });

  test("shows that it is killed, and where that is released", () => {
    known.state = { killSwitch: true };
    show(KillControl);
    expect(document.querySelector<HTMLAnchorElement>("a[href='/risk']")?.textContent).toBe("Killed");
  });

  test("sends who may not stop to the login", () => {
    Object.assign(known, { me: { role: "viewer" }, mayChange: false });
    show(KillControl);
    expect(document.querySelector("a")?.getAttribute("href")).toMatch(/^\/login(\?next=|$)/);
    expect(() => button("Kill")).toThrow();
  });

  test("keeps nobody from stopping while it is not known who asks", () => {
    Object.assign(known, { me: null, mayChange: false });
    show(KillControl);
    expect(button("Kill").disabled).toBe(false);
  });
});

test("keys are not for the page while somebody types or holds another key", () => {
  const field = document.createElement("input");
  document.body.append(field);
  let typed: boolean | undefined;
  const heard = (event: KeyboardEvent) => (typed = isTyping(event));
  addEventListener("keydown", heard);
  try {
    fire(field, key("keydown", "k"));
    expect(typed).toBe(true);
    fire(document.body, new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true }));
    expect(typed).toBe(true);
    fire(document.body, key("keydown", "k"));
    expect(typed).toBe(false);
  } finally {
    removeEventListener("keydown", heard);
  }
});
