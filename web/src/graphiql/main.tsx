import "graphiql/setup-workers/vite";

import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./style.css";

import { DOC_EXPLORER_PLUGIN } from "@graphiql/plugin-doc-explorer";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { linkedIn } from "../link";
import { headers } from "./credentials";
import {
  useNamedHistory,
  useOpenTabFirst,
  useSchemaOnSignIn,
  useSystemTheme,
  useTabsAsList,
  useWrappedLines,
} from "./effects";
import { examples } from "./examples";
import { ExamplesMenu } from "./ExamplesMenu";
import { fetcher } from "./fetcher";
import { keepsHeaders, storage } from "./storage";

const linked = linkedIn(location.hash);
// Remove the fragment, so that a reload keeps the edited tab; and reload for a new link, so that it opens a new tab.
history.replaceState(null, "", location.pathname);
addEventListener("hashchange", () => location.reload());

function Effects() {
  useNamedHistory();
  useSchemaOnSignIn();
  useSystemTheme();
  useTabsAsList();
  useWrappedLines();
  useOpenTabFirst(linked !== undefined);
  return null;
}

const hasRoomForDocs = matchMedia("(min-width: 900px)").matches;

createRoot(document.getElementById("root")!).render(
  <main>
    <h1>GraphiQL</h1>
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      {...(hasRoomForDocs && { visiblePlugin: DOC_EXPLORER_PLUGIN })}
      defaultTabs={[...(linked ? [linked] : []), ...examples.map((query) => ({ query }))]}
      {...(linked && { initialQuery: linked.query, initialVariables: linked.variables })}
      {...(headers && { defaultHeaders: headers, defaultEditorToolsVisibility: "headers" })}
      shouldPersistHeaders={keepsHeaders()}
      showPersistHeadersSettings
    >
      <GraphiQL.Logo>
        <ExamplesMenu />
        <a href="./">Lineage explorer</a>
      </GraphiQL.Logo>
      <Effects />
    </GraphiQL>
  </main>,
);
