import type { AccountPosition, Alert, AuditEntry } from "../../api/types";
import { integer } from "../../lib/format";

/** A request or a command, numbered by its place: neither of them has a number of its own. */
export type Entry = AuditEntry & { place: number };

/** Returns entries with their places, in falling order after `last`. */
export function placed(entries: readonly AuditEntry[], last: number): Entry[] {
  return entries.map((entry, index) => ({ ...entry, place: last - 1 - index }));
}

/** What became of a request or a command, and why. */
export function outcomeOf(entry: AuditEntry): string {
  const what = entry.kind === "request" ? String(entry.status || "done") : (entry.state ?? "");
  return [what, ...entry.reasons].filter(Boolean).join("; ");
}

/** The class of what became of it. */
export function toneOf(entry: AuditEntry): string {
  const isBad = entry.kind === "request" ? (entry.status ?? 0) >= 400 : entry.state === "refused";
  return isBad ? "bad" : entry.state === "withdrawn" || entry.state === "queued" ? "warn" : "";
}

/** Whether an alert reached anybody. */
export function deliveryOf(alert: Alert): string {
  const { state, reached, attempts, into, times, error } = alert;
  const parts: string[] = [state];
  if (into !== null) parts.push(`told by ${into}`);
  if (reached.length) parts.push(`to ${reached.join(", ")}`);
  if (times > 1) parts.push(`for ${integer(times)} alerts`);
  if (attempts > 1) parts.push(`${integer(attempts)} attempts`);
  if (error) parts.push(error);
  return parts.join(", ");
}

export type Held = AccountPosition & { account: string };

/** The positions of all accounts in one list. */
export function heldOf(accounts: readonly { id: string; positions: AccountPosition[] }[]): Held[] {
  return accounts.flatMap(({ id, positions }) => positions.map((position) => ({ ...position, account: id })));
}
