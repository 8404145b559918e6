import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button, Checkbox, Form, Input, Label, TextField } from 'react-aria-components';
import { Check } from '../parts/icons';
import { returnTo } from './return-to';
import { signIn, type SignInResult } from './session';
import './sign-in.css';

export function SignIn() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [remember, setRemember] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [result, setResult] = useState<SignInResult>();
  const wait = useCountdown(result);
  const passwordField = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isAsking || wait > 0) return;
    setAsking(true);
    const got = await signIn(name, password, remember);
    if (got.kind === 'in') {
      location.replace(returnTo(new URLSearchParams(location.search).get('redirect'), location.origin));
      return;
    }
    setResult(got);
    setAsking(false);
    if (got.kind === 'wrong') passwordField.current?.select();
  }

  return (
    <main className="sign-in">
      <Form className="panel sign-in-form" onSubmit={submit}>
        <h1>AI usage</h1>
        <TextField className="field" name="userName" autoComplete="username" value={name} onChange={setName} isRequired autoFocus>
          <Label>Name</Label>
          <Input className="input" autoCapitalize="none" spellCheck="false" />
        </TextField>
        <TextField className="field" name="password" type="password" autoComplete="current-password" value={password} onChange={setPassword} isRequired>
          <Label>Password</Label>
          <Input className="input" ref={passwordField} />
        </TextField>
        <Checkbox className="checkbox" isSelected={remember} onChange={setRemember}>
          <span className="box"><Check /></span>
          Remember me on this device
        </Checkbox>
        <p className="sign-in-word" role="alert">{words(result, wait)}</p>
        <Button type="submit" className="button primary" isDisabled={isAsking || wait > 0}>
          {isAsking ? 'Signing in…' : 'Sign in'}
        </Button>
      </Form>
    </main>
  );
}

function words(result: SignInResult | undefined, wait: number): string {
  switch (result?.kind) {
    case 'wrong':
      return 'Wrong name or password.';
    case 'wait':
      return wait > 0 ? `Too many wrong passwords. Try again in ${wait} s.` : 'You can try again now.';
    case 'fault':
      return result.message;
    default:
      return '';
  }
}

// useCountdown returns how many seconds are left to wait.
function useCountdown(result: SignInResult | undefined): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (result?.kind !== 'wait') {
      setLeft(0);
      return;
    }
    const end = Date.now() + result.seconds * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [result]);
  return left;
}
