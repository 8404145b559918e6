import { useConnection } from './connection';
import './sign.css';

const words = { opening: 'Connecting…', live: 'Live', lost: 'Reconnecting…' };

// LiveSign says in a word and a shape whether figures follow what happens.
export function LiveSign() {
  const state = useConnection();
  return <span className={`live-sign ${state}`} role="status"><span className="live-dot" aria-hidden="true" />{words[state]}</span>;
}
