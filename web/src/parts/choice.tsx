import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import './choice.css';

interface ChoiceProps<T extends string> {
  label: string;
  options: { id: T; name: string }[];
  chosen: T;
  onChoose: (id: T) => void;
}

// Choice is one of a few, side by side.
export function Choice<T extends string>({ label, options, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <ToggleButtonGroup
      className="choice"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[chosen]}
      onSelectionChange={(keys) => {
        const [id] = keys;
        if (id && id !== chosen) onChoose(id as T);
      }}
    >
      {options.map(({ id, name }) => <ToggleButton key={id} id={id} className="choice-option">{name}</ToggleButton>)}
    </ToggleButtonGroup>
  );
}
