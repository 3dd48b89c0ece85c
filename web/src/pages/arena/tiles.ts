import type { Leader } from "../../api/types";

/** The worst tracking error of the bots that are followed, whose it is, and of how many it is not known. */
export interface Worst {
  ratio: number | null;
  name: string;
  known: number;
  unknown: number;
}

/** Return the worst tracking error. */
export function worstOf(bots: readonly Leader[]): Worst {
  const worst: Worst = { ratio: null, name: "", known: 0, unknown: 0 };
  for (const { enabled, name, statistics } of bots) {
    if (!enabled) continue;
    const ratio = statistics.trackingError;
    if (ratio === null) {
      worst.unknown++;
      continue;
    }
    worst.known++;
    if (worst.ratio === null || ratio > worst.ratio) [worst.ratio, worst.name] = [ratio, name];
  }
  return worst;
}

/** Say whose the worst tracking error is. */
export function spokenOf({ ratio, name, unknown }: Worst): string {
  if (ratio === null) return unknown ? "not summed up yet" : "";
  return `worst: ${name}` + (unknown ? `; ${unknown} unknown` : "");
}
