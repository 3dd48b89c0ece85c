import type { Bot } from "../../api/types";
import { botPath } from "./metrics";

/** Something that an operator may do with a bot. */
export interface Action {
  id: string;
  label: string;
  /** What it does. */
  text: string;
  /** Why it cannot be done now; empty where it can. */
  why: string;
  method: "POST" | "PATCH" | "DELETE";
  path: string;
  body?: object;
  /** What has to be typed before. */
  word?: string;
  danger?: true;
}

const STOPS: readonly string[] = ["kill", "two_writers", "quarantine"];

/** Whether we hold something because of a bot. */
export function holds(bot: Pick<Bot, "positions">): boolean {
  return bot.positions.some((each) => each.ours !== null && each.ours.size !== 0);
}

/** Everything that may be done with a bot as it stands. */
export function actionsOf(bot: Pick<Bot, "settings" | "latches" | "positions">): Action[] {
  const { id, enabled } = bot.settings;
  const path = `/api${botPath(id)}`;
  const own = new Set(bot.latches.filter((each) => each.scope === `bot:${id}`).map((each) => each.latch));
  const isClosing = own.has("flatten");
  const isStopped = STOPS.some((latch) => own.has(latch));
  const state = { method: "POST", path: `${path}/state` } as const;
  const ends = { ...state, body: { state: "active" } };
  const resumes = () => {
    if (isClosing) return "It is still closing positions.";
    if ([...own].some((latch) => latch !== "disabled")) return "";
    return own.has("disabled") ? "It is switched off: switch it on." : "Nothing of its own holds it back.";
  };
  const found: Action[] = [
    {
      ...state,
      id: "pause",
      label: "Pause",
      text: "Nothing grows because of it; what we hold shrinks with it.",
      why: own.has("pause") ? "It is paused already." : "",
      body: { state: "reducing" },
    },
    {
      ...state,
      id: "kill",
      label: "Kill bot",
      text: "No order leaves because of it; positions stay as they are. A release ends it.",
      why: isClosing || isStopped ? "It is killed already." : "",
      body: { state: "halted" },
      danger: true,
    },
  ];
  if (isStopped && !isClosing)
    found.push(
      {
        ...ends,
        id: "release",
        label: "Release",
        text: "Ends its kill, its pause and a breached loss limit. What it opened meanwhile is not made up for.",
        why: "",
      },
      {
        ...ends,
        id: "release-rejoin",
        label: "Release, rejoin",
        text: "The same, and takes up the positions that it holds now.",
        why: "",
        body: { state: "active", rejoin: true },
      },
    );
  else
    found.push({
      ...ends,
      id: "resume",
      label: "Resume",
      text: "Ends its pause and a breached loss limit. What it opened meanwhile is not made up for.",
      why: resumes(),
    });
  found.push(
    {
      id: enabled ? "switch-off" : "switch-on",
      label: enabled ? "Switch off" : "Switch on",
      text: enabled
        ? "It is only watched: what we hold shrinks with it, and nothing grows until it is switched on."
        : "What it does leads to orders again.",
      why: "",
      method: "PATCH",
      path,
      body: { enabled: !enabled },
    },
    {
      id: "flatten",
      label: "Flatten",
      text: "Closes everything that we hold because of it, and kills it.",
      why: isClosing ? "It is closing positions already." : "",
      method: "POST",
      path: `${path}/flatten`,
      danger: true,
    },
    {
      id: "delete",
      label: "Delete",
      text: "Forgets it; its history stays.",
      why: holds(bot) ? "We hold something because of it: flatten it first." : "",
      method: "DELETE",
      path,
      word: id,
      danger: true,
    },
  );
  return found;
}

/** What may be done with its open positions, one coin or all. */
export function coinActions(id: string, coin: string): Action[] {
  const where = coin || "all coins";
  const path = `/api${botPath(id)}`;
  const body = coin ? { asset: coin } : {};
  return [
    {
      id: "reanchor",
      label: "Re-anchor",
      text: `Sizes ${where} by the settings of now: too large shrinks at once, too small grows when it grows.`,
      why: "",
      method: "POST",
      path: `${path}/reanchor`,
      body,
    },
    {
      id: "rejoin",
      label: "Rejoin",
      text: `Makes up once for missed increases, ${where}, as far as the limits permit.`,
      why: "",
      method: "POST",
      path: `${path}/rejoin`,
      body,
    },
  ];
}
