/**
 * `kind` is SUMMARY for a copy of a summary by Hermes, else null: `summary` marks Segue's own summaries. Copies that sessions
 * already begin with are known by the text that Hermes begins its summaries with.
 */
export const migration013 = `
  ALTER TABLE messages ADD COLUMN kind TEXT;
  UPDATE messages SET kind = 'SUMMARY'
  WHERE position < 0 AND stream_id IS NULL AND role <> 'SYSTEM'
    AND (parts LIKE '[{"type":"text","text":"[CONTEXT COMPACTION%' OR parts LIKE '[{"type":"text","text":"[CONTEXT SUMMARY]:%');
`
