import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { licences } from "./licences.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const { pages, workers } = licences();

export default defineConfig({
  // Relative URLs, so that the gateway can be mounted at any path.
  base: "./",
  plugins: [react(), pages],
  worker: { format: "es", plugins: () => [workers] },
  // `npm run dev` queries a running `lineage-gateway demo`.
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true } } },
  build: {
    outDir: at("../gateway/pages"),
    emptyOutDir: true,
    // No data: URLs, since the pages' Content-Security-Policy forbids them.
    assetsInlineLimit: 0,
    // Monaco is that large; only GraphiQL loads it.
    chunkSizeWarningLimit: 3000,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [at("explorer.html"), at("graphiql.html")],
      // GraphiQL's packages contain directives for the React compiler, with which they have already been compiled.
      onLog: (level, log, handle) => log.code === "MODULE_LEVEL_DIRECTIVE" || handle(level, log),
    },
  },
});
