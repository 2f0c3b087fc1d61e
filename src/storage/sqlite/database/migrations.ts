import { migration001 } from './migrations/version-0.1/001-chats.ts'
import { migration002 } from './migrations/version-0.1/002-decisions-and-files.ts'
import { migration003 } from './migrations/version-0.1/003-jobs.ts'
import { migration004 } from './migrations/version-0.1/004-conversation-index.ts'
import { migration005 } from './migrations/version-0.1/005-search.ts'
import { migration006 } from './migrations/006-to-015/006-standard-names.ts'
import { migration007 } from './migrations/006-to-015/007-rebuild-search-index.ts'
import { migration008 } from './migrations/006-to-015/008-model-observations.ts'
import { migration009 } from './migrations/006-to-015/009-idempotency-keys.ts'
import { migration010 } from './migrations/006-to-015/010-finish-reasons.ts'
import { migration011 } from './migrations/006-to-015/011-retry-times.ts'
import { migration012 } from './migrations/006-to-015/012-context-checkpoints.ts'
import { migration013 } from './migrations/006-to-015/013-message-kinds.ts'
import { migration014 } from './migrations/006-to-015/014-tool-calls-of-decisions.ts'
import { migration015 } from './migrations/006-to-015/015-retries.ts'
import { migration016 } from './migrations/016-to-022/016-conversation-settings.ts'
import { migration017 } from './migrations/016-to-022/017-given-titles.ts'
import { migration018 } from './migrations/016-to-022/018-usage-of-job-runs.ts'
import { migration019 } from './migrations/016-to-022/019-deletion-queues.ts'
import { migration020 } from './migrations/016-to-022/020-queue-order.ts'
import { migration021 } from './migrations/016-to-022/021-instructions-and-efforts.ts'
import { migration022 } from './migrations/016-to-022/022-places-of-retries.ts'
import { migration023 } from './migrations/023-approval-rules.ts'
import { migration024 } from './migrations/024-uploads.ts'
import { migration025 } from './migrations/025-usage-sums.ts'
import { migration027 } from './migrations/027-budgets-of-jobs.ts'
import { migration026 } from './migrations/026-attention.ts'
import { migration028 } from './migrations/028-context-sizes.ts'
import { migration029 } from './migrations/029-steering.ts'
import { migration030 } from './migrations/030-conversation-counts.ts'
import { migration031 } from './migrations/031-lists-by-time.ts'

/**
 * The schema of a profile's database: entry n brings a database from version n to version n + 1. Forward only. A released
 * migration is frozen text: it never changes and uses no constants of the code. Times are milliseconds since the epoch;
 * columns that hold JSON say so.
 */
export const migrations: readonly string[] = [
  migration001,
  migration002,
  migration003,
  migration004,
  migration005,
  migration006,
  migration007,
  migration008,
  migration009,
  migration010,
  migration011,
  migration012,
  migration013,
  migration014,
  migration015,
  migration016,
  migration017,
  migration018,
  migration019,
  migration020,
  migration021,
  migration022,
  migration023,
  migration024,
  migration025,
  migration026,
  migration027,
  migration028,
  migration029,
  migration030,
  migration031,
]
