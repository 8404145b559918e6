import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { getOperationAST, parse } from 'graphql';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { Chevron } from '../parts/icons';
import { examples } from './examples';

// Examples opens documents of real use, each in a tab of its own.
export function Examples() {
  const { addTab, setOperationFacts } = useGraphiQLActions();
  const editor = useGraphiQL((state) => state.queryEditor);
  const open = (query: string) => {
    addTab();
    editor?.setValue(query);
    // GraphiQL finds out by itself what it would run, but a moment later.
    const documentAST = parse(query);
    const operation = getOperationAST(documentAST)!;
    setOperationFacts({ documentAST, operations: [operation], operationName: operation.name?.value });
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
