import { defineConfig } from 'vitest/config'
import { limits } from '../../../tests/support/vitest-limits.ts'

export default defineConfig({
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    setupFiles: ['../../../tests/support/disable-sdk-warnings.ts'],
    pool: 'forks',
    maxWorkers: 1,
    ...limits,
  },
})
