import { defineConfig } from 'vitest/config'
import { limits } from '../support/vitest-limits.ts'
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
    ...limits,
  },
})
