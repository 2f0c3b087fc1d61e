/** A value of a column, as every engine stores it: JSON is text, a flag is 0 or 1, a time is in epoch milliseconds. */
export type StoredValue = string | number | null

/** A row by its columns, without its profile. */
export type StoredRow = Readonly<Record<string, StoredValue>>

/** A table of a profile that a migration copies. Both engines have its columns. */
export interface MigratedTable {
  readonly name: string
  readonly columns: Readonly<Record<string, 'text' | 'bigint'>>
  /** Whether the order in which rows were stored means something: they are copied in it. */
  readonly isOrdered: boolean
}

/** Feeds of both engines whose changes are numbered. The other feeds are about what an engine derives. */
export const migratedFeeds = ['conversation_settings', 'decisions', 'job_runs']

/**
 * All that is stored of a profile but its blobs, in the order in which it is inserted. What is not here is derived from it, like
 * the search index, or belongs to processes that run.
 */
export const migratedTables: readonly MigratedTable[] = [
  define('read_marks_start', '', 'at'),
  define('change_sequences', 'feed', 'latest'),
  define(
    'sessions',
    `id title title_source source model instructions effort parent_session_id parent_origin forked_from forked_from_origin
      retry_of retry_of_origin takes_place_of takes_place_of_origin end_reason usage context_size`,
    'started_at ended_at last_activity_at message_count head_seq answered_at answer_failed',
  ),
  define(
    'messages',
    'id session_id kind role status parts stream_id model usage summary_context copy_of turn_id steering',
    'position withdrawn summary created_at stands_in',
    true,
  ),
  define(
    'streams',
    'id session_id status model effort user_message_id message_id usage step finish_reason error',
    'generation started_at finished_at retry_at first_seq last_seq queue_position',
    true,
  ),
  define('events', 'session_id stream_id type body', 'seq at version'),
  define('decisions', 'id session_id kind state body', 'change'),
  define('approval_rules', 'id session_id tool pattern approval_id', 'since'),
  define('blob_references', 'hash session_id', ''),
  define('context_checkpoints', 'session_id text quotes through_message_id model usage', 'created_at'),
  define(
    'conversation_settings',
    'session_id title',
    'title_version pinned pinned_version archived archived_version read_at',
  ),
  define('idempotency_keys', 'key fingerprint created_id outcome', 'pending created_at'),
  define(
    'jobs',
    'id name prompt schedule timezone model instructions effort budget state fault running',
    `anchor recurring enabled repeat_limit completed_runs skipped_runs next_run_at created_at settled_until run_count
      revision`,
  ),
  define(
    'job_runs',
    'id job_id trigger status output error session_id usage',
    'position scheduled_for started_at finished_at change',
  ),
  define('model_observations', 'model base_url property', 'value observed_at'),
  define('uploads', 'id hash media_type name', 'size created_at'),
  define('usage_sums', 'dimension key usage', 'day answers'),
]

/** `texts` and `numbers`: the names of the columns, separated by spaces. */
function define(name: string, texts: string, numbers: string, isOrdered = false): MigratedTable {
  const list = (names: string): string[] => names.split(/\s+/).filter(Boolean)
  return {
    name,
    columns: {
      ...Object.fromEntries(list(texts).map((column) => [column, 'text' as const])),
      ...Object.fromEntries(list(numbers).map((column) => [column, 'bigint' as const])),
    },
    isOrdered,
  }
}
