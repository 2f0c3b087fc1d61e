import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { limits } from '../../tests/support/vitest-limits.ts'

const client = (path: string): string => fileURLToPath(new URL(`../../client/src/${path}`, import.meta.url))

export default defineConfig({
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  // As the app is built.
  resolve: {
    alias: [
      { find: /^segue-client\/(.+)$/, replacement: client('$1/index.ts') },
      { find: /^segue-client$/, replacement: client('index.ts') },
    ],
  },
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../../tests/support/disable-sdk-warnings.ts'],
    globalSetup: ['support/build-app.ts'],
    pool: 'forks',
    // A browser and a server are work enough for a small machine.
    maxWorkers: 1,
    ...limits,
  },
})
