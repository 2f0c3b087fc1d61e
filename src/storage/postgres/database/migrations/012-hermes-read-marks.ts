/** From when on messages of Hermes can be unread. For old rows, from the beginning, as before. */
export const hermesReadMarks = `
  -- When Segue was first started with an agent: older messages count as read in conversations without a read mark.
  ALTER TABLE hermes_agents ADD COLUMN read_marks_start bigint NOT NULL DEFAULT 0;
`
