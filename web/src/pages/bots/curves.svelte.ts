import { untrack } from "svelte";
import { get } from "../../api/client";
import type { Bot } from "../../api/types";
import { live } from "../../live/live.svelte";
import { resource } from "../../live/resource.svelte";
import { batched } from "../decisions/batch";
import { readCurve, withValue, type Curve, type Range } from "./curves";
import { botPath } from "./metrics";

interface Heard {
  series: string;
  time: number;
  usd: number | null;
}

/** The curves of some bots within a range, read once and kept current; call it while a component initialises. */
export function curvesOf(ids: () => readonly string[], range: () => Range) {
  let curves = $state.raw<Record<string, Curve>>({});
  const reading = resource(async (signal) => {
    const [wanted, chosen] = [ids(), range()];
    const now = untrack(() => live.now);
    const found = await Promise.all(
      wanted.map((id) =>
        readCurve(chosen, now, async (startTime, interval) => {
          const bot = await get<Bot>(`/api${botPath(id)}`, { startTime, interval }, signal);
          return bot.curve;
        }),
      ),
    );
    if (!signal.aborted) curves = Object.fromEntries(wanted.map((id, n) => [id, found[n] as Curve]));
    return chosen.value;
  });
  const heard = batched<Heard>((points) => {
    const next = { ...curves };
    for (const { series, time, usd } of points) {
      const [kind, id] = [series.slice(0, series.indexOf(":")), series.slice(series.indexOf(":") + 1)] as const;
      const curve = next[id];
      if (curve) next[id] = withValue(curve, kind === "bot" ? "source" : "mirror", time, usd);
    }
    curves = next;
  });
  $effect(() => {
    const end = live.on(["equity-point"], ({ timestamp, data }) => {
      const series = String(data.series);
      if (ids().some((id) => series === `bot:${id}` || series === `mirror:${id}`))
        heard.push({ series, time: timestamp, usd: data.usd });
    });
    return () => {
      end();
      heard.stop();
    };
  });
  return {
    get curves() {
      return curves;
    },
    reading,
  };
}
