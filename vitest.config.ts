import { configDefaults, defineConfig } from 'vitest/config'
import { limits } from './tests/support/vitest-limits.ts'
import './tests/support/use-compile-cache.ts'

export default defineConfig({
  // Node's own conditions. With Vite's, `development` would load a second copy of graphql, which exports other files under it,
  // and `module` what some packages have for bundlers, which Node cannot load.
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    include: ['tests/**/*.test.ts', 'client/tests/**/*.test.{ts,tsx}'],
    // Other tiers, with scripts of their own: test:packages and test:clients need other packages, test:e2e starts programs
    // and browsers, test:web tests in a browser, test:postgres a database.
    exclude: [
      ...configDefaults.exclude,
      'tests/packages/**',
      'tests/clients/**',
      'tests/e2e/**',
      'tests/postgres/**',
      'client/tests/chromium/**',
    ],
    globalSetup: ['tests/support/server/built-program.ts'],
    setupFiles: ['tests/support/disable-sdk-warnings.ts'],
    // Processes, because better-sqlite3 blocks its thread. The files of a process share its modules, so that these are
    // loaded once; each test creates and disposes of everything else that it uses.
    pool: 'forks',
    isolate: false,
    // One more than the cores of a small machine, because tests often wait.
    maxWorkers: 3,
    ...limits,
  },
})
