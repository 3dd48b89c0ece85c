import type { KillSwitchAnswer } from "../../api/types";

export interface Outcome {
  kind: "idle" | "hint" | "sending" | "slow" | "confirmed" | "queued" | "failed";
  text: string;
  flatten: boolean;
}

export const QUEUED =
  "No worker answered: the stop is queued and stays. It is the first thing that a worker will do. " +
  "Until then nothing is confirmed.";
export const SLOW =
  "Sent, no answer yet. `fadearena kill` or the file KILL in the data directory stops without the API.";
const ELSEWHERE = " `fadearena kill` or the file KILL in the data directory stops without the API.";

/** What came of an order to stop. */
export function outcome(answer: KillSwitchAnswer, flatten: boolean): Outcome {
  if (answer.confirmed === false) return { kind: "queued", text: QUEUED, flatten };
  const flat = !flatten ? "" : answer.flat ? " Everything is flat." : " Not flat yet.";
  return { kind: "confirmed", text: `Confirmed: ${answer.message}.${flat}`, flatten };
}

/** What is said of an order to stop that nobody confirmed; status 0 is a connection that broke. */
export function failure(error: unknown, flatten: boolean): Outcome {
  const { status = 0, detail } = error as { status?: number; detail?: string };
  const text = `Not confirmed. ${detail ?? String(error)}`;
  const isAway = (status === 0 || status >= 500) && !text.includes("KILL");
  return { kind: "failed", text: isAway ? text + ELSEWHERE : text, flatten };
}

/** Whether a key press is meant for a field or a dialog rather than for the page. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, select, textarea, [contenteditable]")) return true;
  return document.querySelector("dialog[open]") !== null;
}
