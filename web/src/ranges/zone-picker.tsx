import { useMemo, useState } from 'react';
import { Button, ComboBox, Input, ListBox, ListBoxItem, ListLayout, Popover, Virtualizer } from 'react-aria-components';
import { Chevron } from '../parts/icons';
import { matchesZone, zones } from './zones';
import './zone-picker.css';

const layout = { rowHeight: 34 };

export function ZonePicker({ zone, onChoose }: { zone: string; onChoose: (zone: string) => void }) {
  const items = useMemo(() => zones(zone).map((id) => ({ id })), [zone]);
  const [typed, setTyped] = useState(zone);
  return (
    <ComboBox
      className="zone-picker"
      aria-label="Time zone"
      menuTrigger="focus"
      defaultItems={items}
      defaultFilter={(text, input) => input === zone || matchesZone(text, input)}
      inputValue={typed}
      onInputChange={setTyped}
      selectedKey={zone}
      onSelectionChange={(key) => {
        if (key && key !== zone) onChoose(String(key));
        else setTyped(zone);
      }}
    >
      <div className="zone-field">
        <Input className="zone-input" onFocus={(event) => event.currentTarget.select()} />
        <Button className="zone-button" aria-label="Time zones"><Chevron /></Button>
      </div>
      <Popover className="popover zone-popover">
        <Virtualizer layout={ListLayout} layoutOptions={layout}>
          <ListBox className="zone-list" renderEmptyState={() => <div className="menu dim">No zone of this name</div>}>
            {(item: { id: string }) => <ListBoxItem id={item.id} textValue={item.id} className="option">{item.id.replaceAll('_', ' ')}</ListBoxItem>}
          </ListBox>
        </Virtualizer>
      </Popover>
    </ComboBox>
  );
}
