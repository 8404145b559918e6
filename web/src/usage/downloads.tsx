import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import type { Span } from '../format/dates';
import type { AiUsageGranularity } from '../generated/graphql';
import { Chevron } from '../parts/icons';
import type { View } from '../routing/view';
import { exportAddress, files, oldAddress } from './export-address';
import type { Scope } from './scope';

interface DownloadsProps {
  scope: Scope;
  view: View;
  granularity: AiUsageGranularity;
  // old is the range of which the old operation can be asked, by those who may.
  old: Span | undefined;
}

// Downloads leads to files of the rows that the page shows. They are links and no scripts, so that
// the browser saves them under the gateway's name while they come, and whoever is signed out by now
// is led to the page to sign in, and from there to the file.
export function Downloads({ scope, view, granularity, old }: DownloadsProps) {
  return (
    <MenuTrigger>
      <Button className="button">Download <Chevron /></Button>
      <Popover className="popover" placement="bottom start">
        <Menu className="menu" aria-label="Download">
          {files.map(({ id, name }) => <MenuItem key={id} className="option" href={exportAddress(scope, view, granularity, id)}>{name}</MenuItem>)}
          {old && <MenuItem className="option" href={oldAddress(scope, old)} download="ai-usage.xml">XML of the old operation</MenuItem>}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
