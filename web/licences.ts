// The licences of what the pages are made of beside their own code, in one file that goes wherever the pages go.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin, Rolldown } from "vite";

const FILE = "THIRD-PARTY-LICENSES.txt";
/** Licences that ask for no more than to come along. What is under another needs a look first, and then a place here. */
const KNOWN = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);
const TEXT = /^(licen[cs]e|copying|notice|third-?party-?(licen[cs]es?|notices?))\b/i;
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
/** Texts that packages lack, by the packages' names. */
const OURS = fileURLToPath(new URL("licences", import.meta.url));

/** The plugins that collect them: one for the pages, which writes the file, and one for the pages' workers. */
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
      // By now the workers have been bundled.
      generateBundle(options, bundle) {
        collect(options, bundle);
        const packages = [...roots].map(described);
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

function described(root: string): { chapter: string; problem?: string } {
  const { name, version, license } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
  const files = readdirSync(root)
    .filter((file) => TEXT.test(file))
    .map((file) => `${root}/${file}`);
  const texts = [`${OURS}/${name}.txt`, ...files].filter(existsSync).map((file) => readFileSync(file, "utf8").trim());
  const title = `${name} ${version} (${license})`;
  const chapter = [`${title}\n${"=".repeat(title.length)}`, ...texts, ""].join("\n\n");
  if (!KNOWN.has(license)) return { chapter, problem: `${title}: the licence is not among those that we know.` };
  if (texts.length === 0) return { chapter, problem: `${title}: its text is missing; put it into ${OURS}.` };
  return { chapter };
}
