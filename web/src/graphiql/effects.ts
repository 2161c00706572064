// Hooks that add to GraphiQL what it lacks.
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";
import { headers } from "./credentials";

const PAUSE_MS = 500;

/** Refetches the schema when the headers change while there is none: the user may have signed in. */
export function useSchemaOnSignIn() {
  const { introspect } = useGraphiQLActions();
  const { headerEditor, schema } = useGraphiQL(pick("headerEditor", "schema"));

  useEffect(() => {
    if (!headers || !headerEditor || schema) return;
    let pause = 0;
    const changes = headerEditor.onDidChangeModelContent(() => {
      clearTimeout(pause);
      pause = window.setTimeout(introspect, PAUSE_MS);
    });
    return () => {
      clearTimeout(pause);
      changes.dispose();
    };
  }, [headerEditor, schema, introspect]);
}

/** Switches the editors' theme with the system's; the style sheet does so for everything else. */
export function useSystemTheme() {
  const { setTheme } = useGraphiQLActions();
  const theme = useGraphiQL((state) => state.theme);

  useEffect(() => {
    if (theme) return;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setTheme(null);
    dark.addEventListener("change", follow);
    return () => dark.removeEventListener("change", follow);
  }, [theme, setTheme]);
}

/** Wraps lines in the query editor as in the response, so that ARNs and comments are readable beside the docs. */
export function useWrappedLines() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);

  useEffect(() => queryEditor?.updateOptions({ wordWrap: "on" }), [queryEditor]);
}

/** Moves the initially active tab to the front. */
export function useOpenTabFirst(wanted: boolean) {
  const { moveTab } = useGraphiQLActions();
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));

  useEffect(() => {
    const open = tabs[activeTabIndex];
    if (wanted && open) moveTab([open, ...tabs.filter((tab) => tab !== open)]);
    // Only once: afterwards the user orders the tabs.
  }, []);
}

/** Lets history items be named by their text: GraphiQL gives all of them the same `aria-label`. */
export function useNamedHistory() {
  useEffect(() => {
    const rename = () => {
      for (const item of document.querySelectorAll(".graphiql-history-item-label")) item.removeAttribute("aria-label");
    };
    const observer = new MutationObserver(rename);
    observer.observe(document.querySelector(".graphiql-container")!, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);
}

/** Marks the tabs up as a list of buttons: an ARIA tab may not contain buttons, as each of GraphiQL's does. */
export function useTabsAsList() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));

  useEffect(() => {
    document.querySelector(".graphiql-tabs")?.removeAttribute("role");
    document.querySelectorAll(".graphiql-tab").forEach((tab, index) => {
      tab.removeAttribute("role");
      tab.removeAttribute("aria-selected");
      tab.querySelector(".graphiql-tab-button")?.setAttribute("aria-current", `${index === activeTabIndex}`);
    });
  }, [tabs, activeTabIndex]);
}
