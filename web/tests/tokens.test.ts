import { describe, expect, it } from "vitest";
import css from "../src/lib/tokens.css?raw";

type Three = [number, number, number];

const KINDS: Record<string, Three[] | null> = {
  normal: null,
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
};
const LINES = ["ours", "bots", "0", "1", "2", "3", "4", "5"];

const [, dark = "", light = ""] = css.split(/:root\[data-theme="\w+"\]/);
const token = (part: string, name: string): Three => {
  const hex = new RegExp(`--${name}: #(\\w{6});`).exec(part)![1]!;
  return [0, 2, 4].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255)) as Three;
};

function linear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function times(matrix: Three[], [x, y, z]: Three): Three {
  return matrix.map(([a, b, c]) => Math.min(1, Math.max(0, a * x + b * y + c * z))) as Three;
}

function lab([r, g, b]: Three): Three {
  const root = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = root(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = root((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function contrast(one: Three, other: Three): number {
  const [low = 0, high = 0] = [one, other]
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
    .sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** CIEDE2000. */
function difference([l1, a1, b1]: Three, [l2, a2, b2]: Three): number {
  const radians = Math.PI / 180;
  const mean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 1 + 0.5 * (1 - Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7)));
  const [c1, c2] = [Math.hypot(a1 * g, b1), Math.hypot(a2 * g, b2)];
  const hue = (b: number, a: number) => (Math.atan2(b, a) / radians + 360) % 360;
  const [h1, h2] = [hue(b1, a1 * g), hue(b2, a2 * g)];
  const turn = ((h2 - h1 + 540) % 360) - 180;
  const h = (h1 + turn / 2 + 360) % 360;
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const cos = (degrees: number) => Math.cos(degrees * radians);
  const t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.2 * cos(4 * h - 63);
  const dl = (l2 - l1) / (1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2));
  const dc = (c2 - c1) / (1 + 0.045 * c);
  const dh = (2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * radians)) / (1 + 0.015 * c * t);
  const r = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * Math.sin(60 * radians * Math.exp(-(((h - 275) / 25) ** 2)));
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + r * dc * dh);
}

describe.each([
  ["dark", dark],
  ["light", light],
])("colours of lines, %s", (_name, part) => {
  const colors = LINES.map((line) => token(part, `series-${line}`));

  it.each(Object.entries(KINDS))("differ, as people with %s vision see them", (_kind, matrix) => {
    const seen = colors.map((color) => lab(matrix ? times(matrix, color) : color));
    const close = seen.flatMap((one, i) =>
      seen.slice(0, i).flatMap((other, j) => (difference(one, other) < 15 ? [`${LINES[j]} ${LINES[i]}`] : [])),
    );
    expect(close).toEqual([]);
  });

  it("stand out from the panel", () => {
    const panel = token(part, "panel");
    for (const color of colors) expect(contrast(color, panel)).toBeGreaterThan(2.95);
  });
});
