import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Without Vite's own condition `development`: graphql has other files under it, and the libraries that Node itself
  // imports would bring a second copy.
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    // better-sqlite3 blocks its thread, and some tests kill what they started: every file has a process of its own.
    pool: 'forks',
    testTimeout: 20_000, // milliseconds
    hookTimeout: 20_000, // milliseconds
  },
})
