const UNREACHABLE = "The API does not answer: is `fadearena up` running?";
const SLOW = "The API did not answer in time";
const READ_MS = 20_000;
const SEND_MS = 90_000;

export interface FieldError {
  field: string;
  message: string;
}

/** An answer that is an error; status 0 where there was none. */
export class ApiError extends Error {
  readonly status: number;
  readonly detail: string;
  readonly errors: FieldError[] | undefined;
  readonly reasons: string[] | undefined;
  readonly body: unknown;

  constructor(status: number, detail: string, errors?: FieldError[], reasons?: string[], body?: unknown) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.errors = errors;
    this.reasons = reasons;
    this.body = body;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

let unauthorised: () => void = () => {};

/** What is to be done where the API wants a login. */
export function setOnUnauthorised(handler: () => void): void {
  unauthorised = handler;
}

/** Call what `setOnUnauthorised` was given. */
export function onUnauthorised(): void {
  unauthorised();
}

/** Return a path with a query; what is null, undefined or empty is left out. */
export function withQuery(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}

/** Read something. A 503 that is an answer (`/api/health`) is returned. */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const response = await ask(withQuery(path, query), {}, READ_MS, signal);
  const isAnswer =
    response.ok || (response.status === 503 && response.headers.get("content-type")?.startsWith("application/json"));
  if (!isAnswer) throw await problemOf(response, path);
  return bodyOf<T>(response, signal);
}

/** Change something, once: a connection that breaks is followed by one more try with the same key. */
export async function send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { "Idempotency-Key": newKey() };
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const once = async (): Promise<T> => {
    const response = await ask(path, init, SEND_MS);
    if (!response.ok) throw await problemOf(response, path);
    return bodyOf<T>(response);
  };
  try {
    return await once();
  } catch (error) {
    if (error instanceof ApiError && error.detail === UNREACHABLE) return once();
    throw error;
  }
}

async function ask(path: string, init: RequestInit, patienceMs: number, signal?: AbortSignal): Promise<Response> {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, patienceMs);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await fetch(path, { ...init, credentials: "same-origin", signal: limit.signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, limit.signal.aborted ? SLOW : UNREACHABLE);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

async function bodyOf<T>(response: Response, signal?: AbortSignal): Promise<T> {
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, UNREACHABLE);
  }
}

async function problemOf(response: Response, path: string): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401 && path !== "/api/login") unauthorised();
  const known = (body && typeof body === "object" ? body : {}) as Record<string, unknown>;
  const errors = Array.isArray(known.errors) ? known.errors.map(fieldError) : undefined;
  const reasons = reasonsOf(known);
  const said = errors?.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join("; ");
  const detail = String(known.detail ?? (said || `The API answered ${response.status} ${response.statusText}`.trim()));
  return new ApiError(response.status, detail, errors, reasons, body);
}

/** What speaks against it: reasons, and checks that failed. */
function reasonsOf({ reasons, checks }: Record<string, unknown>): string[] | undefined {
  if (!Array.isArray(reasons) && !Array.isArray(checks)) return undefined;
  const given = Array.isArray(reasons) ? reasons.map(String) : [];
  const failed = (Array.isArray(checks) ? checks : []).filter(({ level }) => level === "fail");
  return [...new Set([...given, ...failed.map(({ check, text }) => `${check}: ${text}`)])];
}

/** Settings are refused with sentences such as `bots[0].name: too long`. */
function fieldError(given: unknown): FieldError {
  if (given && typeof given === "object") return given as FieldError;
  const text = String(given);
  const found = /^([\w.[\]:-]+): (.*)$/s.exec(text);
  return found ? { field: found[1] ?? "", message: found[2] ?? "" } : { field: "", message: text };
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
