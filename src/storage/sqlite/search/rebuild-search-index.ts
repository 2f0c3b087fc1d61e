import { migration007 } from '../database/migrations/006-to-015/007-rebuild-search-index.ts'

/**
 * Statements that empty the search index and have everything indexed again: texts in the background, titles that people gave
 * with the next commit. They fail if pages of the index are damaged, which SQLite cannot free.
 */
export const rebuildSearchIndexSql = `${migration007}
  INSERT INTO search_queue SELECT 'title', session_id, 0 FROM conversation_settings
    WHERE title IS NOT NULL AND session_id IN (SELECT id FROM sessions)
    ON CONFLICT DO NOTHING;`
