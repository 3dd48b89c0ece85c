import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, get, send, setOnUnauthorised, withQuery } from "../src/api/client";

const fetched = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();

function answer(body: unknown, status = 200, type = "application/json"): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "content-type": type } });
}

function headersOf(call: number): Record<string, string> {
  return fetched.mock.calls[call]![1].headers as Record<string, string>;
}

async function trouble(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
  setOnUnauthorised(() => {});
});

describe("withQuery", () => {
  it("leaves out what is not given", () => {
    expect(withQuery("/api/x", { a: 1, b: null, c: undefined, d: "", e: false })).toBe("/api/x?a=1&e=false");
    expect(withQuery("/api/x", {})).toBe("/api/x");
  });
});

describe("get", () => {
  it("returns what is answered", async () => {
    fetched.mockResolvedValue(answer({ a: 1 }));
    await expect(get("/api/x", { limit: 5 })).resolves.toEqual({ a: 1 });
    expect(fetched.mock.calls[0]![0]).toBe("/api/x?limit=5");
  });

  it("says that the API is away", async () => {
    fetched.mockRejectedValue(new TypeError("fetch failed"));
    const error = await trouble(get("/api/x"));
    expect(error.status).toBe(0);
    expect(error.detail).toBe("The API does not answer: is `fadearena up` running?");
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("takes a 503 with an answer for one, and a problem for an error", async () => {
    fetched.mockResolvedValueOnce(answer({ status: "unhealthy" }, 503));
    await expect(get("/api/health")).resolves.toEqual({ status: "unhealthy" });
    fetched.mockResolvedValueOnce(answer({ detail: "away" }, 503, "application/problem+json"));
    expect((await trouble(get("/api/x"))).detail).toBe("away");
  });

  it("hands an abort on as it is", async () => {
    const abort = new AbortController();
    fetched.mockImplementation(
      (_path, init) =>
        new Promise((_resolve, reject) => {
          init.signal!.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
        }),
    );
    const promise = get("/api/x", {}, abort.signal);
    abort.abort();
    await expect(promise).rejects.toMatchObject({ name: "AbortError" });
  });

  it("gives up after some time", async () => {
    vi.useFakeTimers();
    try {
      fetched.mockImplementation(
        (_path, init) =>
          new Promise((_resolve, reject) => {
            init.signal!.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
          }),
      );
      const found = trouble(get("/api/x"));
      await vi.advanceTimersByTimeAsync(20_000);
      expect((await found).detail).toBe("The API did not answer in time");
    } finally {
      vi.useRealTimers();
    }
  });

  it("asks for a login on 401", async () => {
    const wanted = vi.fn();
    setOnUnauthorised(wanted);
    fetched.mockResolvedValue(answer({ detail: "log in" }, 401));
    expect((await trouble(get("/api/state"))).status).toBe(401);
    expect(wanted).toHaveBeenCalledTimes(1);
  });
});

describe("send", () => {
  it("sends JSON with a key of its own", async () => {
    fetched.mockImplementation(async () => answer({ success: true }));
    await send("POST", "/api/x", { a: 1 });
    await send("PATCH", "/api/x", { a: 1 });
    expect(fetched.mock.calls[0]![1]).toMatchObject({ method: "POST", body: '{"a":1}' });
    expect(headersOf(0)["Content-Type"]).toBe("application/json");
    expect(headersOf(0)["Idempotency-Key"]).toMatch(/^[0-9a-f]{32}$/);
    expect(headersOf(0)["Idempotency-Key"]).not.toBe(headersOf(1)["Idempotency-Key"]);
  });

  it("returns nothing for 204, and sends no body where there is none", async () => {
    fetched.mockResolvedValue(answer(null, 204));
    await expect(send("POST", "/api/logout")).resolves.toBeUndefined();
    expect(headersOf(0)["Content-Type"]).toBeUndefined();
  });

  it("repeats once with the same key when the connection breaks", async () => {
    fetched.mockRejectedValueOnce(new TypeError("broken")).mockResolvedValueOnce(answer({ success: true }));
    await expect(send("POST", "/api/x", {})).resolves.toEqual({ success: true });
    expect(headersOf(0)["Idempotency-Key"]).toBe(headersOf(1)["Idempotency-Key"]);
    fetched.mockReset();
    fetched.mockRejectedValue(new TypeError("broken"));
    expect((await trouble(send("POST", "/api/x", {}))).status).toBe(0);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("does not repeat what was answered", async () => {
    fetched.mockResolvedValue(answer({ detail: "no", reasons: ["flat first"] }, 409));
    const error = await trouble(send("POST", "/api/x", {}));
    expect(error).toMatchObject({ status: 409, detail: "no", reasons: ["flat first"] });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("names the checks that failed", async () => {
    const checks = [
      { check: "keys", level: "fail", text: "there is none" },
      { check: "disk", level: "ok", text: "free" },
      { check: "open", level: "fail", text: "BTC" },
    ];
    fetched.mockResolvedValue(answer({ detail: "no", reasons: ["open: BTC"], checks }, 409));
    expect((await trouble(send("POST", "/api/x"))).reasons).toEqual(["open: BTC", "keys: there is none"]);
  });

  it("reads errors of fields in both forms", async () => {
    fetched.mockResolvedValueOnce(answer({ detail: "wrong", errors: [{ field: "name", message: "too long" }] }, 422));
    expect((await trouble(send("POST", "/api/x", {}))).errors).toEqual([{ field: "name", message: "too long" }]);
    const errors = ["bots[0].name: too long: 200", "mode is changed by itself"];
    fetched.mockResolvedValueOnce(answer({ success: false, errors }, 400));
    const error = await trouble(send("POST", "/api/settings", {}));
    expect(error.errors).toEqual([
      { field: "bots[0].name", message: "too long: 200" },
      { field: "", message: "mode is changed by itself" },
    ]);
    expect(error.detail).toBe("bots[0].name: too long: 200; mode is changed by itself");
  });

  it("leaves a wrong password to the form", async () => {
    const wanted = vi.fn();
    setOnUnauthorised(wanted);
    fetched.mockResolvedValue(answer({ detail: "wrong" }, 401));
    await trouble(send("POST", "/api/login", {}));
    expect(wanted).not.toHaveBeenCalled();
  });
});
