import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'logic', include: ['src/**/*.test.ts'] } },
      {
        test: {
          name: 'browser',
          include: ['browser/**/*.test.ts'],
          globalSetup: 'browser/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          retry: 2, // a busy machine may move what is being clicked
          fileParallelism: false, // one gateway, and two processors at most where this runs
        },
      },
    ],
  },
});
