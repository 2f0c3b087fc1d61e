/** Released: this text never changes. */
export const migration004 = `
  
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


  -- Sessions that the index has to look at again, whoever wrote to them.
  CREATE TABLE touched (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  INSERT INTO touched SELECT id FROM sessions;
  CREATE TRIGGER session_inserted AFTER INSERT ON sessions BEGIN
    INSERT INTO touched VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    INSERT INTO touched VALUES (old.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TRIGGER session_updated
  AFTER UPDATE OF
    parent_session_id, source, started_at, end_reason, last_activity_at, message_count, pinned, archived ON sessions
  WHEN
    old.parent_session_id IS NOT new.parent_session_id OR
    old.source <> new.source OR
    old.started_at <> new.started_at OR
    old.end_reason IS NOT new.end_reason OR
    old.last_activity_at <> new.last_activity_at OR
    old.message_count <> new.message_count OR
    old.pinned <> new.pinned OR
    old.archived <> new.archived
  BEGIN
    INSERT INTO touched VALUES (new.id) ON CONFLICT DO NOTHING;
  END;

  -- Sessions whose conversation goes on into Hermes', or did: whoever reads Hermes follows them by their changes.
  CREATE TABLE abroad (
    id TEXT PRIMARY KEY,
    change INTEGER NOT NULL -- the number of its newest change, over all of them
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX abroad_by_change ON abroad (change);

  -- What is listed is listed by the index.
  DROP INDEX sessions_by_activity;
  DROP INDEX archived_by_activity;
  DROP INDEX pinned_by_activity;
  `
