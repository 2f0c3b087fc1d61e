import type Database from 'better-sqlite3'
import type { SqlConnection } from './statement-cache.ts'

/**
 * Records the sessions that a list shows differently because of something that is not in the conversation index. Deltas
 * change nothing of it. A temporary table: it is only needed within a transaction.
 */
const visibleChangeTriggers = `
  PRAGMA temp_store = MEMORY;
  -- ON CONFLICT, because the conflict clause of the triggering statement overrides OR IGNORE.
  CREATE TEMP TABLE visible_changes (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TEMP TRIGGER session_visible_changes AFTER UPDATE OF title, title_source, model, ended_at, usage ON main.sessions
  WHEN
    old.title IS NOT new.title OR
    old.title_source IS NOT new.title_source OR
    old.model IS NOT new.model OR
    old.ended_at IS NOT new.ended_at OR
    old.usage <> new.usage
  BEGIN
    INSERT INTO visible_changes VALUES (new.id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER stream_inserted AFTER INSERT ON main.streams BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER stream_status_updated AFTER UPDATE OF status ON main.streams WHEN old.status <> new.status BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER decision_inserted AFTER INSERT ON main.decisions BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER decision_state_updated AFTER UPDATE OF state ON main.decisions WHEN old.state <> new.state BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
`

/** Call it after the migrations. */
export function installVisibleChangeTriggers(connection: Database.Database): void {
  connection.exec(visibleChangeTriggers)
}

/** Ids of the sessions that have changed visibly since the last call. Call it inside a transaction. */
export function drainVisibleSessionChanges(db: SqlConnection): string[] {
  const rows = db.prepare<[], { id: string }>('SELECT id FROM temp.visible_changes').all()
  if (rows.length > 0) db.prepare<[]>('DELETE FROM temp.visible_changes').run()
  return rows.map(({ id }) => id)
}
