import { SignIn } from './session/sign-in';

export function Application() {
  return <SignIn />;
}
