import { resolve } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { limits } from '../support/vitest-limits.ts'
import '../support/use-compile-cache.ts'

export default defineConfig({
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    root: resolve(import.meta.dirname, '..'),
    // What is promised to clients, and what must hold after crashes, holds on both storages.
    include: ['postgres/**/*.test.ts', 'protocol/**/*.test.ts', 'chaos/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      // It has a configuration of its own.
      'postgres/pgbouncer/**',
      // It fills SQLite's tables by itself.
      'protocol/operations/truncated-lists.test.ts',
    ],
    env: { TEST_STORAGE: 'postgres' },
    globalSetup: ['support/server/built-program.ts', 'support/postgres/global-setup.ts'],
    setupFiles: ['support/disable-sdk-warnings.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    ...limits,
  },
})
