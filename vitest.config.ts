import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Much of a start is compiling what has not changed since the last one, in threads too.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules', '.cache', 'compile')

export default defineConfig({
  // Without Vite's own condition `development`: graphql has other files under it, and the libraries that Node itself
  // imports would bring a second copy.
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/support/disable-sdk-warnings.ts'],
    // better-sqlite3 blocks its thread, so tests run in processes. One for all the files that it gets: what they import
    // is loaded once. Each test makes its own world and takes it down.
    pool: 'forks',
    isolate: false,
    // One more than there are cores to count on: much of what is tested is a wait, in which the others go on.
    maxWorkers: 3,
    testTimeout: 20_000, // milliseconds
    hookTimeout: 20_000, // milliseconds
  },
})
