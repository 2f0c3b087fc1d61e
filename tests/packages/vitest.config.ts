import { defineConfig } from 'vitest/config'
import { limits } from '../support/vitest-limits.ts'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: 'pack.ts',
    maxWorkers: 1,
    ...limits,
    // Packages are installed from the registry.
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
})
