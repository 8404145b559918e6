import type { TestProject } from 'vitest/node';
import { startGateway } from './gateway.ts';

declare module 'vitest' {
  interface ProvidedContext {
    gateway: { url: string; name: string; password: string };
  }
}

// One gateway with sample data for all tests that only look.
export default async function setup(project: TestProject) {
  const gateway = await startGateway();
  project.provide('gateway', { url: gateway.url, name: gateway.name, password: gateway.password });
  return gateway.remove;
}
