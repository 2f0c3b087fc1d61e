import { configDefaults } from 'vitest/config'
import config from '../vitest.config.ts'

// The global setup reads it as well.
process.env['TEST_POOLER'] = 'pgbouncer'

/** What works directly works through PgBouncer as well, which gives each transaction another session of PostgreSQL. */
export default {
  ...config,
  test: {
    ...config.test,
    exclude: configDefaults.exclude,
    include: [
      'postgres/pgbouncer/**/*.test.ts',
      'postgres/storage/{several-processes,postgres-database,lost-commits,command-channel,conversation-index,postgres-search,postgres-blob-store}.test.ts',
      'postgres/chat/**/*.test.ts',
      'postgres/server/{several-servers,chats,configurations,transfer}.test.ts',
      'postgres/migration/{round-trip,moved-servers}.test.ts',
    ],
  },
}
