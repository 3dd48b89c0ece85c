import type { Latencies, Step } from "../../api/types";
import { integer, UNKNOWN } from "../../lib/format";

/** What each step measures. */
export const STEPS: Record<string, string> = {
  detection: "From the bot's trade, by the exchange's time, until it was taken in",
  queue: "From taking in until its turn begins",
  decide: "Deciding",
  commit: "Until the decision is durable",
  dispatch: "Until the order is handed to the venue",
  reaction: "Queue to dispatch together: the worker's own time",
  answer: "From the hand-over until the venue answered",
  fill: "From the hand-over until our fill was heard",
  projection: "One batch of records becoming visible",
};

export interface Bar {
  label: string;
  count: number;
  share: number;
}

/** How long, with three digits below 10 ms. */
export function millis(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  if (ms < 10) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toPrecision(3))} s`;
  return `${integer(ms / 60_000)} min`;
}

/** A quantile: where it lies beyond the last bound, how far nobody knows. */
export function quantile(step: Step, ms: number | null): string {
  if (ms !== null || !step.count) return millis(ms);
  const last = step.buckets.findLast((bucket) => bucket.leMs !== null)?.leMs;
  return last === undefined || last === null ? UNKNOWN : `> ${millis(last)}`;
}

/** The histogram without empty ends; each bar counts what lies between its bound and the one before. */
export function barsOf(step: Step): Bar[] {
  let below = 0;
  let before: number | null = null;
  const bars = step.buckets.map(({ leMs, count }) => {
    const own = count - below;
    const label = leMs === null ? `more than ${millis(before)}` : `up to ${millis(leMs)}`;
    below = count;
    before = leMs;
    return { label, count: own, share: step.count ? own / step.count : 0 };
  });
  const first = bars.findIndex((bar) => bar.count);
  return first < 0 ? [] : bars.slice(first, bars.findLastIndex((bar) => bar.count) + 1);
}

/** Names a step. */
export function nameOf(step: Pick<Step, "step" | "feed">): string {
  return step.feed ? `${step.step} (${step.feed})` : step.step;
}

/** Returns the step that is looked at: the chosen one, else the worker's own time, else the first that was measured. */
export function chosen(found: Latencies | undefined, name: string): Step | undefined {
  const measured = found?.steps.filter((step) => step.count) ?? [];
  return (
    found?.steps.find((step) => nameOf(step) === name) ??
    measured.find((step) => step.step === "reaction") ??
    measured[0]
  );
}
