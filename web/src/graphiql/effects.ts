// What GraphiQL does not do by itself.
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";
import { headers } from "./credentials";

const PAUSE_MS = 500;

/** Asks for the schema again while there is none and the headers change: whoever asks may have signed in. */
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

/** Changes the editors' colours with the system's, as the style sheet does the rest's. */
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

/** Wraps the document's lines as the answer's are, so that ARNs and comments can be read beside the docs. */
export function useWrappedLines() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);

  useEffect(() => queryEditor?.updateOptions({ wordWrap: "on" }), [queryEditor]);
}

/** Puts the tab that is open at the start before the others. */
export function useOpenTabFirst(wanted: boolean) {
  const { moveTab } = useGraphiQLActions();
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));

  useEffect(() => {
    const open = tabs[activeTabIndex];
    if (wanted && open) moveTab([open, ...tabs.filter((tab) => tab !== open)]);
    // Once: afterwards the tabs are where their user wants them.
  }, []);
}

/** Calls what the history holds by what it says, where GraphiQL calls all of it alike. */
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

/** Says of the tabs what they are, a list of buttons: what ARIA calls a tab holds none, and each of GraphiQL's does. */
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
