import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const program = resolve(import.meta.dirname, '../../bin/aiusage');

export interface Gateway {
  url: string;
  name: string;
  password: string;
  // command runs another command of the program on the gateway's data.
  command(args: string[], input?: string): Promise<string>;
  // stop ends the gateway; its data stays, for start.
  stop(): Promise<void>;
  // start begins it again at the same address.
  start(): Promise<void>;
  // remove stops it and deletes its data.
  remove(): Promise<void>;
}

// startGateway starts the program, as `make run` does, on data of its own.
export async function startGateway(args: string[] = []): Promise<Gateway> {
  const data = mkdtempSync(join(tmpdir(), 'aiusage-browser-'));
  let running = await serve(data, '127.0.0.1:0', args);
  const listen = new URL(running.url).host;
  return {
    url: running.url,
    name: running.name,
    password: running.password,
    command: (commandArgs, input) => run(data, commandArgs, input),
    stop: () => end(running.process),
    start: async () => {
      running = await serve(data, listen, args);
    },
    remove: async () => {
      await end(running.process);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function serve(data: string, listen: string, args: string[]) {
  const process = spawn(program, ['serve', '--data', data, '--listen', listen, '--live-interval', '500ms', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  process.stderr.on('data', (part: Buffer) => (log += part));
  let url = '';
  for await (const line of createInterface(process.stdout)) {
    url ||= /Legacy +(https?:\S+)\/ai\/usage/.exec(line)?.[1] ?? '';
    const signIn = /Sign in +(\S+) +(\S+)/.exec(line);
    if (url && signIn) {
      process.stdout.resume();
      return { process, url, name: signIn[1]!, password: signIn[2]! };
    }
  }
  throw new Error(`the gateway did not start:\n${log}`);
}

async function run(data: string, args: string[], input = ''): Promise<string> {
  const process = spawn(program, [...args, '--data', data], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let log = '';
  process.stdout.on('data', (part: Buffer) => (output += part));
  process.stderr.on('data', (part: Buffer) => (log += part));
  process.stdin.end(input);
  const [status] = await once(process, 'close');
  if (status !== 0) throw new Error(`aiusage ${args.join(' ')}: status ${status}\n${log}`);
  return output;
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  await ended;
}
