import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { Chevron } from '../parts/icons';
import { examples } from './examples';

// Examples opens documents of real use, each in a tab of its own.
export function Examples() {
  const { addTab } = useGraphiQLActions();
  const editor = useGraphiQL((state) => state.queryEditor);
  const open = (query: string) => {
    addTab();
    editor?.setValue(query);
  };
  return (
    <span className="graphiql-examples">
      <MenuTrigger>
        <Button className="button">Examples<Chevron /></Button>
        <Popover className="popover" placement="bottom end">
          <Menu className="menu" aria-label="Examples">
            {examples.map(({ name, query }) => <MenuItem key={name} id={name} className="option" onAction={() => open(query)}>{name}</MenuItem>)}
          </Menu>
        </Popover>
      </MenuTrigger>
    </span>
  );
}
