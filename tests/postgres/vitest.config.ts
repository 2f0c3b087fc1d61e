import { defineConfig } from 'vitest/config'
import { retry } from '../support/retries.ts'
import '../support/use-compile-cache.ts'

export default defineConfig({
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: ['../support/postgres/global-setup.ts'],
    setupFiles: ['../support/disable-sdk-warnings.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    retry,
    // Milliseconds.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
