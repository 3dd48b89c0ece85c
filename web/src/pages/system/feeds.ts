import type { Feed, Feeds, Health } from "../../api/types";
import { ago, dateTime, duration, integer, UNKNOWN, words } from "../../lib/format";

type Rate = NonNullable<Feeds["rate"]>;
export type Lane = Rate["lanes"][number] & {
  /** Weight of this lane and of those before it. */
  filled: number;
  share: number;
};

/** Classes for what something says of itself. */
export const TONES: Record<string, string> = {
  ok: "",
  healthy: "",
  sent: "",
  active: "",
  degraded: "warn",
  stale: "bad",
  starting: "warn",
  queued: "warn",
  down: "bad",
  unhealthy: "bad",
  failed: "bad",
  refused: "bad",
  warning: "warn",
  critical: "bad",
};

/** The lanes, each with what it and those before it took of what it may take. */
export function lanesOf(rate: Feeds["rate"]): Lane[] {
  let filled = 0;
  return (rate?.lanes ?? []).map((lane) => {
    filled += lane.used;
    return { ...lane, filled, share: lane.limit ? filled / lane.limit : 0 };
  });
}

/** How old something is by now that had an age when the worker looked. */
export function ageNow(ageMs: number | null, asOf: number | null, now: number): number | null {
  return ageMs === null || asOf === null ? null : ageMs + Math.max(0, now - asOf);
}

/** What a feed counts, in a line. */
export function countsOf(feed: Pick<Feed, "counts">): string {
  const counts = Object.entries(feed.counts).map(([name, count]) => `${words(name)} ${integer(count)}`);
  return counts.join(", ") || UNKNOWN;
}

export interface Fact {
  label: string;
  value: string;
  tone: string;
  note: string;
}

/** What is said of the whole, the database, the exchange and the worker. */
export function factsOf({ status, checks }: Health, now: number): Fact[] {
  const { database, hyperliquid, worker } = checks;
  const fact = (label: string, value: string, note: string): Fact => ({ label, value, note, tone: TONES[value] ?? "" });
  const { killSwitch } = worker;
  const switched = killSwitch === null ? ", kill switch unknown" : killSwitch ? ", kill switch on" : "";
  return [
    fact("Everything", status, ""),
    fact("Database", database.status, `answers in ${duration(database.latency)}`),
    fact(
      "Exchange",
      hyperliquid.status,
      hyperliquid.latency === null
        ? "how long trades take is not measured"
        : `trades are ${duration(hyperliquid.latency)} on their way`,
    ),
    fact("Last from the exchange", ago(hyperliquid.lastSuccessfulCall, now), dateTime(hyperliquid.lastSuccessfulCall)),
    fact("Worker", worker.status, `heard ${ago(worker.lastSeenAt, now)}, ${worker.mode ?? UNKNOWN}${switched}`),
  ];
}
