import { defineConfig } from 'vitest/config'
import { retry } from '../support/retries.ts'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts', 'examples/*.test.ts'],
    // Graphcache passes nothing to its storage under NODE_ENV=test.
    env: { NODE_ENV: 'development' },
    maxWorkers: 1,
    // Milliseconds. Each test waits for reconnects.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    retry,
  },
})
