import { defineConfig } from "vite";

/** `vite build packages/dashboard`: into `dist/web`, which the API serves. Each file is one of ours: the policy of the API allows no inline script. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
