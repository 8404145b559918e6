import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'logic', include: ['src/**/*.test.ts'] } },
      { test: { name: 'picture', include: ['browser/picture.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'browser',
          include: ['browser/**/*.test.ts'],
          globalSetup: 'browser/setup.ts',
          testTimeout: 180_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 45_000 } }, // a second is little for a busy machine
          fileParallelism: false, // one gateway, and two processors at most where this runs
        },
      },
    ],
  },
});
