import { pick, ToolbarMenu, UnStyledButton, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { examples, titleOf } from "./examples";

/** A menu that reopens the examples, whose tabs may have been closed or edited. */
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
      // GraphiQL stores the editor's text after a delay, in which the user may switch to another tab.
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
