import { defineConfig } from 'vitest/config'
import { retry } from '../../../tests/support/retries.ts'

export default defineConfig({
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    setupFiles: ['../../../tests/support/disable-sdk-warnings.ts'],
    pool: 'forks',
    maxWorkers: 1,
    // Milliseconds. Pages are bundled, and hooks start the browser.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    retry,
  },
})
