import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

// Caches compiled code, also for the servers and workers that tests start: compiling takes most of their start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules', '.cache', 'compile')

export default defineConfig({
  // Omits Vite's condition `development`: graphql exports other files under it, so that libraries which Node imports would
  // load a second copy.
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['tests/**/*.test.ts', 'client/tests/**/*.test.{ts,tsx}'],
    // The tests of the packages, and those with other client libraries, need other packages: npm run test:packages and
    // test:clients. Those of the client library in a browser need more time: npm run test:web.
    exclude: [...configDefaults.exclude, 'tests/packages/**', 'tests/clients/**', 'client/tests/chromium/**'],
    setupFiles: ['tests/support/disable-sdk-warnings.ts'],
    // Processes, because better-sqlite3 blocks its thread. The files of a process share its modules, so that these are
    // loaded once; each test creates and disposes of everything else that it uses.
    pool: 'forks',
    isolate: false,
    // One more than the cores of a small machine, because tests often wait.
    maxWorkers: 3,
    // Milliseconds. Tests that start processes or transfer much data have a longer timeout of their own.
    testTimeout: 20_000,
    // Hooks start servers and browsers.
    hookTimeout: 60_000,
  },
})
