import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../../tests/support/disable-sdk-warnings.ts'],
    globalSetup: ['support/build-app.ts'],
    pool: 'forks',
    // A browser and a server are work enough for a small machine.
    maxWorkers: 1,
    // Milliseconds. Hooks start the browser.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
