// Vite plugins that collect the licences of all bundled packages into one file beside the pages.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin, Rolldown } from "vite";

const FILE = "THIRD-PARTY-LICENSES.txt";
/** Licences that only require their text to be included. Any other must be reviewed before it is added here. */
const KNOWN = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);
const TEXT = /^(licen[cs]e|copying|notice|third-?party-?(licen[cs]es?|notices?))\b/i;
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
/** Licence texts of packages that do not contain their own, by package name. */
const OUR_TEXTS = fileURLToPath(new URL("licences", import.meta.url));

/** One plugin for the pages, which also writes the file, and one for their workers. */
export function licences(): { pages: Plugin; workers: Plugin } {
  const roots = new Set<string>();
  const collect = (_: unknown, bundle: Rolldown.OutputBundle): void => {
    for (const part of Object.values(bundle)) {
      for (const module of part.type === "chunk" ? part.moduleIds : []) {
        const [root] = PACKAGE.exec(module) ?? [];
        if (root) roots.add(root);
      }
    }
  };
  return {
    pages: {
      name: "licences",
      apply: "build",
      // Runs after the workers have been bundled.
      generateBundle(options, bundle) {
        collect(options, bundle);
        const packages = [...roots].map(chapterOf);
        const problems = packages.flatMap(({ problem }) => problem ?? []);
        if (problems.length > 0) this.error(problems.join("\n"));
        const chapters = new Set(packages.map(({ chapter }) => chapter));
        this.emitFile({ type: "asset", fileName: FILE, source: [...chapters].sort().join("\n") });
      },
      transformIndexHtml: () => [{ tag: "link", attrs: { rel: "license", href: "./licenses" }, injectTo: "head" }],
    },
    workers: { name: "licences-of-workers", apply: "build", generateBundle: collect },
  };
}

function chapterOf(root: string): { chapter: string; problem?: string } {
  const { name, version, license } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
  const files = readdirSync(root)
    .filter((file) => TEXT.test(file))
    .map((file) => `${root}/${file}`);
  const texts = [`${OUR_TEXTS}/${name}.txt`, ...files]
    .filter(existsSync)
    .map((file) => readFileSync(file, "utf8").trim());
  const title = `${name} ${version} (${license})`;
  const chapter = [`${title}\n${"=".repeat(title.length)}`, ...texts, ""].join("\n\n");
  if (!KNOWN.has(license)) return { chapter, problem: `${title}: the licence has not been reviewed.` };
  if (texts.length === 0) return { chapter, problem: `${title}: the text is missing; put it into ${OUR_TEXTS}.` };
  return { chapter };
}
