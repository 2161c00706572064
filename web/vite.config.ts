import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { licences } from "./licences.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const { pages, workers } = licences();

export default defineConfig({
  // Pages and assets find each other under whatever path the gateway is mounted.
  base: "./",
  plugins: [react(), pages],
  worker: { format: "es", plugins: () => [workers] },
  // `npm run dev` shows what `lineage-gateway demo` answers.
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true } } },
  build: {
    outDir: at("../gateway/pages"),
    emptyOutDir: true,
    // No data: URLs: the pages' policies would need an exception for each kind.
    assetsInlineLimit: 0,
    // Monaco is that large, and loaded by GraphiQL alone.
    chunkSizeWarningLimit: 3000,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [at("explorer.html"), at("graphiql.html")],
      // GraphiQL's directives to React's compiler, which has run over it already.
      onLog: (level, log, handle) => log.code === "MODULE_LEVEL_DIRECTIVE" || handle(level, log),
    },
  },
});
