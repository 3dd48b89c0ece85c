"""
What the first page costs a browser: `python -m tests.web.load`.

1. How long until something is painted, and until the chart is, over loopback.
2. How long a year of equity, hour by hour, takes from the arrived bytes to the painted chart.
3. Which frames the page makes, and what it keeps, while a stream tells it of hundreds of records a second.
4. The processor time of the page's main thread for both: unlike the rest, hardly anything else at work changes it.

The API is a real one, in a process of its own, with a real stream; only the year is made up in the browser. The table
goes to stderr, a line of JSON to stdout; the exit status is 1 where a limit is broken.
"""

import argparse
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.web.conftest import FLAGS, chromium, missing
from tests.web.load_server import Load, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

LIMITS = {"first_paint_ms": 1_000, "year_ms": 300, "frame_p99_ms": 50, "heap_growth_mb": 5, "lag_p99_ms": 1_000}
_VISITS, _YEARS = 5, 5
_HOURS, _BOTS = 8_760, 6
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_WARM_S, _SAMPLE_S, _PATIENCE_S = 20, 15, 60
_SIZE = {"width": 1_440, "height": 900}
_MB = 1 << 20

_WATCH = """
window.seen = { frames: [], long: [], lags: [], chart: null, read: null, drawn: null };
const whenPainted = (then) => requestAnimationFrame(() => setTimeout(() => then(performance.now())));
new MutationObserver((_, observer) => {
  if (!document.querySelector(".chart canvas")) return;
  observer.disconnect();
  whenPainted((now) => (seen.chart = now));
}).observe(document, { childList: true, subtree: true });
const json = Response.prototype.json;
Response.prototype.json = async function () {
  if (!this.url.includes("/api/equity")) return json.call(this);
  const text = await this.text();
  seen.read = performance.now();
  return JSON.parse(text);
};
const Real = WebSocket;
window.WebSocket = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const found = /"seq":\\d+,"timestamp":(\\d+)/.exec(data);
      if (found) seen.lags.push(Date.now() - Number(found[1]));
    });
  }
};
new PerformanceObserver((list) => list.getEntries().forEach((entry) => seen.long.push(entry.duration)))
  .observe({ type: "longtask" });
let before = 0;
const frame = (now) => {
  if (before) seen.frames.push(now - before);
  before = now;
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""
_TAKE = """() => {
  const { frames, long, lags } = seen;
  seen.frames = [];
  seen.long = [];
  seen.lags = [];
  return { frames, long, lags };
}"""
_PAINT = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and judge."""
    given = _parser().parse_args(arguments)
    reason = missing()
    if reason is not None:
        sys.stderr.write(f"{reason}\n")
        return 2
    found = measure(given.minutes, given.rate)
    _print(found)
    sys.stdout.write(f"{json.dumps(found)}\n")
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


def measure(minutes: float, rate: int) -> dict[str, Any]:
    """Run the API and a browser, and return what was found."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only here where it is installed

    with _api(rate) as (url, line), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        found = _paint(browser, url) | _year(browser, url)
        line.send("publish")
        found |= _load(browser, url, minutes)
        browser.close()
    return {"minutes": minutes, "rate": rate, "load_average": round(os.getloadavg()[0], 1), **found}


@contextmanager
def _api(rate: int) -> Iterator[tuple[str, Any]]:
    """Run the API in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, Load(rate=rate)))
    process.start()
    try:
        if not ours.poll(60):
            raise TimeoutError("the API did not begin to serve")
        yield f"http://127.0.0.1:{ours.recv()}", ours
        ours.send("end")
        ours.recv()
        process.join(30)
    finally:
        process.kill()
        process.join()


def _paint(browser: "Browser", url: str) -> dict[str, float]:
    """Open the page anew several times, each with an empty cache."""
    firsts, charts = [], []
    for _ in range(_VISITS):
        with _opened(browser, url) as page:
            firsts.append(page.evaluate(_PAINT))
            charts.append(page.evaluate("seen.chart"))
    return {
        "first_paint_ms": round(median(firsts)),
        "first_paint_min_ms": round(min(firsts)),
        "first_paint_max_ms": round(max(firsts)),
        "chart_painted_ms": round(median(charts)),
    }


def _year(browser: "Browser", url: str) -> dict[str, float]:
    """Draw a year, hour by hour, several times."""
    spent, busy = [], []
    for _ in range(_YEARS):
        began: list[tuple[Any, float]] = []
        with _opened(browser, url, "/?range=all", year=began) as page:
            spent.append(page.evaluate("seen.chart - seen.read"))
            session, before = began[-1]
            busy.append(1_000 * (_task_s(session) - before))
    return {
        "year_ms": round(median(spent)),
        "year_min_ms": round(min(spent)),
        "year_max_ms": round(max(spent)),
        "year_cpu_ms": round(median(busy)),
    }


def _load(browser: "Browser", url: str, minutes: float) -> dict[str, float]:
    """Leave the page open while it is told of much."""
    with _opened(browser, url) as page:
        session = _session(page)
        page.wait_for_timeout(_WARM_S * 1_000)
        heaps = [_heap(session)]
        page.evaluate(_TAKE)
        frames: list[float] = []
        longs: list[float] = []
        lags: list[float] = []
        busy, began = 0.0, time.monotonic()
        while time.monotonic() - began < minutes * 60:
            before = _task_s(session)
            page.wait_for_timeout(_SAMPLE_S * 1_000)
            busy += _task_s(session) - before
            taken = page.evaluate(_TAKE)
            frames += taken["frames"]
            longs += taken["long"]
            lags += taken["lags"]
            heaps.append(_heap(session))
            page.evaluate(_TAKE)
        spent = sum(frames) / 1_000
    third = max(1, len(heaps) // 3)
    return {
        "messages_per_s": round(len(lags) / spent),
        "lag_p50_ms": round(_at(lags, 0.5)),
        "lag_p99_ms": round(_at(lags, 0.99)),
        "frames": len(frames),
        "frame_p50_ms": round(_at(frames, 0.5), 1),
        "frame_p99_ms": round(_at(frames, 0.99), 1),
        "frame_max_ms": round(max(frames), 1),
        "frames_over_50ms": sum(each > 50 for each in frames),
        "long_tasks": len(longs),
        "long_task_max_ms": round(max(longs, default=0)),
        "cpu_share": round(busy / spent, 3),
        "heap_first_mb": round(heaps[0], 2),
        "heap_last_mb": round(heaps[-1], 2),
        "heap_growth_mb": round(median(heaps[-third:]) - median(heaps[:third]), 2),
    }


@contextmanager
def _opened(
    browser: "Browser", url: str, path: str = "/", *, year: list[tuple[Any, float]] | None = None
) -> Iterator["Page"]:
    """Open the page in a context of its own until its chart is painted; `year` gets its processor time until then."""
    context: BrowserContext = browser.new_context(viewport={"width": _SIZE["width"], "height": _SIZE["height"]})
    context.add_init_script(_WATCH)
    page = context.new_page()
    if year is not None:
        session, busy = _session(page), year

        def answer(route: "Route") -> None:
            busy.append((session, _task_s(session)))
            _answer_year(route)

        context.route("**/api/equity?*", answer)
    page.goto(url + path)
    until = time.monotonic() + _PATIENCE_S
    while page.evaluate("seen.chart") is None:  # the page's policy refuses what `wait_for_function` does
        if time.monotonic() > until:
            raise TimeoutError("no chart was painted")
        page.wait_for_timeout(100)
    yield page
    context.close()


def _answer_year(route: "Route") -> None:
    is_hourly = "interval=1h" in route.request.url
    step, count = (_HOUR_MS, _HOURS) if is_hourly else (_DAY_MS, _HOURS // 24)
    until = int(time.time() * 1_000) // step * step
    bots = ["gemini-3-pro", "grok-4", "qwen3-max", "kimi-k2-thinking", "deepseek-chat-v3.1", "claude-sonnet"][:_BOTS]
    series = []
    for i in range(count):
        equity = {bot: round(10_000 + 900 * math.sin((i + 1) * (n + 2) / 300) + i / 9, 6) for n, bot in enumerate(bots)}
        together = round(sum(equity.values()), 6)
        point = {"timestamp": until - (count - 1 - i) * step, "botsAggregate": together}
        series.append({**point, "fadeArena": round(13_000 - together / 20, 6), "bots": equity})
    body = {"series": series, "interval": "1h" if is_hourly else "1d"}
    route.fulfill(status=200, content_type="application/json", body=json.dumps(body))


def _session(page: "Page") -> Any:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session


def _heap(session: Any) -> float:
    """Return what the page keeps, MB."""
    session.send("HeapProfiler.collectGarbage")
    return _metrics(session)["JSHeapUsedSize"] / _MB


def _task_s(session: Any) -> float:
    return _metrics(session)["TaskDuration"]


def _metrics(session: Any) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def _at(values: Sequence[float], share: float) -> float:
    """Return a quantile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def _print(found: dict[str, Any]) -> None:
    for name, value in found.items():
        limit = LIMITS.get(name)
        verdict = "" if limit is None else f"limit {limit:>6}  {'BROKEN' if value > limit else 'kept'}"
        sys.stderr.write(f"{name:<20} {value:>10}  {verdict}".rstrip() + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.web.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long records come (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=200, help="records a second (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
