import { pick, ToolbarMenu, UnStyledButton, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { examples, titleOf } from "./examples";

/** Brings an example back, where its tab was closed or has other text by now. */
export function ExamplesMenu() {
  const { addTab, changeTab, updateActiveTabValues } = useGraphiQLActions();
  const { tabs, queryEditor } = useGraphiQL(pick("tabs", "queryEditor"));

  const open = (example: string) => {
    const index = tabs.findIndex(({ query }) => query === example);
    if (index >= 0) {
      changeTab(index);
    } else {
      addTab();
      queryEditor?.setValue(example);
      // GraphiQL itself looks at the text after a moment, in which the user may turn to another tab.
      updateActiveTabValues({ query: example });
    }
  };
  return (
    <ToolbarMenu modal={false} button={<UnStyledButton type="button">Examples ▾</UnStyledButton>}>
      {examples.map((example) => (
        <ToolbarMenu.Item key={example} onSelect={() => open(example)}>
          {titleOf(example)}
        </ToolbarMenu.Item>
      ))}
    </ToolbarMenu>
  );
}
