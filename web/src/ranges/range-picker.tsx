import { parseDate, type CalendarDate } from '@internationalized/date';
import {
  Button, CalendarCell, CalendarGrid, CalendarGridBody, CalendarGridHeader, CalendarHeaderCell, Dialog, DialogTrigger, Heading, ListBox, ListBoxItem, Popover, RangeCalendar,
} from 'react-aria-components';
import { Chevron } from '../parts/icons';
import type { Range } from '../routing/view';
import { presetName, presets } from './presets';
import './range-picker.css';

interface RangePickerProps {
  range: Range;
  // inWords names a range that has no name.
  inWords: string;
  onChoose: (range: Range) => void;
}

export function RangePicker({ range, inWords, onChoose }: RangePickerProps) {
  return (
    <DialogTrigger>
      <Button className="button" aria-label={`Range: ${'period' in range ? presetName(range.period) : inWords}`}>
        {'period' in range ? presetName(range.period) : inWords}
        <Chevron />
      </Button>
      <Popover className="popover" placement="bottom start">
        <Dialog className="range-dialog" aria-label="Range">
          {({ close }) => {
            const choose = (next: Range) => {
              onChoose(next);
              close();
            };
            return (
              <>
                <ListBox
                  className="menu range-presets"
                  aria-label="Ranges by name"
                  selectionMode="single"
                  autoFocus
                  selectedKeys={'period' in range ? [range.period] : []}
                  onSelectionChange={(keys) => {
                    const chosen = presets.find(([period]) => keys !== 'all' && keys.has(period));
                    if (chosen) choose({ period: chosen[0] });
                    else close();
                  }}
                >
                  {presets.map(([period, name]) => <ListBoxItem key={period} id={period} className="option">{name}</ListBoxItem>)}
                </ListBox>
                <Days range={range} onChoose={(from, to) => choose({ from: from.toString(), to: to.toString() })} />
              </>
            );
          }}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Days({ range, onChoose }: { range: Range; onChoose: (from: CalendarDate, to: CalendarDate) => void }) {
  const chosen = 'from' in range && !range.from.includes('T') && !range.to.includes('T') ? { start: parseDate(range.from), end: parseDate(range.to) } : null;
  return (
    <RangeCalendar className="calendar" aria-label="Days" defaultValue={chosen} onChange={({ start, end }) => onChoose(start as CalendarDate, end as CalendarDate)}>
      <header>
        <Button slot="previous" className="button quiet" aria-label="The month before">‹</Button>
        <Heading />
        <Button slot="next" className="button quiet" aria-label="The next month">›</Button>
      </header>
      <CalendarGrid>
        <CalendarGridHeader>{(day) => <CalendarHeaderCell>{day}</CalendarHeaderCell>}</CalendarGridHeader>
        <CalendarGridBody>{(date) => <CalendarCell date={date} className="calendar-day" />}</CalendarGridBody>
      </CalendarGrid>
      <p className="dim">Choose the first day, then the last.</p>
    </RangeCalendar>
  );
}
