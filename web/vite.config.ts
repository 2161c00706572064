import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Pages and assets find each other under whatever path the gateway is mounted.
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
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
