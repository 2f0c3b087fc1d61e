import type Database from 'better-sqlite3'
import type { SqlConnection } from './statement-cache.ts'

/**
 * What a list shows of a session beside that which the index of conversations is told of anyway. Deltas change none of
 * it. On each connection, in memory: nobody needs it after the transaction.
 */
const visibleChangeTriggers = `
  PRAGMA temp_store = MEMORY;
  -- ON CONFLICT, for OR IGNORE is overruled by what the statement says that sets a trigger off.
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
  CREATE TEMP TRIGGER stream_begun AFTER INSERT ON main.streams BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER stream_moved AFTER UPDATE OF status ON main.streams WHEN old.status <> new.status BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER decision_asked AFTER INSERT ON main.decisions BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
  CREATE TEMP TRIGGER decision_settled AFTER UPDATE OF state ON main.decisions WHEN old.state <> new.state BEGIN
    INSERT INTO visible_changes VALUES (new.session_id) ON CONFLICT DO NOTHING;
  END;
`

/** To be called once the tables are there. */
export function installVisibleChangeTriggers(connection: Database.Database): void {
  connection.exec(visibleChangeTriggers)
}

/** The sessions that show something else since the last call. To be called inside of a transaction. */
export function drainVisibleChanges(db: SqlConnection): string[] {
  const rows = db.prepare<[], { id: string }>('SELECT id FROM temp.visible_changes').all()
  if (rows.length > 0) db.prepare<[]>('DELETE FROM temp.visible_changes').run()
  return rows.map(({ id }) => id)
}
