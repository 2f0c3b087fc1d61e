import { defineConfig } from 'vitest/config'
import { limits } from '../support/vitest-limits.ts'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts', 'examples/*.test.ts'],
    // Graphcache passes nothing to its storage under NODE_ENV=test.
    env: { NODE_ENV: 'development' },
    maxWorkers: 1,
    ...limits,
  },
})
