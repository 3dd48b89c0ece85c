import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const API = process.env.FADEARENA_URL ?? "http://127.0.0.1:4800";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/fadearena/api/pages/dist",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  server: { proxy: { "/api": API, "/ws": { target: API, ws: true } } },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"], restoreMocks: true, css: { include: /tokens/ } },
});
