/**
 * The index of conversations: which sessions make up which, and in which order they are listed. It holds nothing that
 * could not be told from the sessions themselves. Whatever it says of facets follows `facet.ts`.
 */
export const conversationIndexSchema = `
  CREATE TABLE segments (
    id TEXT PRIMARY KEY,
    continues TEXT,
    can_be_continued INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    message_at INTEGER,
    activity_at INTEGER NOT NULL,
    facet INTEGER NOT NULL,
    root_id TEXT NOT NULL,
    depth INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX segments_by_activity ON segments (facet, activity_at, id);
  CREATE INDEX segments_by_claim ON segments (continues) WHERE continues IS NOT NULL;
  -- Most conversations have one session: their roots are in neither.
  CREATE INDEX segments_by_message ON segments (root_id, message_at, started_at) WHERE root_id <> id;
  CREATE INDEX segments_by_start ON segments (root_id, started_at, depth) WHERE root_id <> id;

  CREATE TABLE conversations (
    root_id TEXT PRIMARY KEY,
    tip_id TEXT NOT NULL,
    segment_count INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    facet INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversations_by_activity ON conversations (facet, last_activity_at, root_id);

  -- Sessions whose children have to be placed anew, those up to after_id aside.
  CREATE TABLE unplaced (
    parent_id TEXT PRIMARY KEY,
    after_id TEXT NOT NULL,
    relinked INTEGER NOT NULL -- the children may continue it now and did not before, or the other way round
  ) STRICT, WITHOUT ROWID;
  -- Sessions that were placed by what is above them before all of that was placed: once it is, they are placed again.
  CREATE TABLE doubtful (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`
