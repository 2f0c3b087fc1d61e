/**
 * Instructions (system prompts) and efforts of sessions and jobs, and the effort of each stream. Old rows have none: theirs are
 * the instructions of the profile, and the effort is the model's own default.
 */
export const migration021 = `
  ALTER TABLE sessions ADD COLUMN instructions TEXT;
  ALTER TABLE sessions ADD COLUMN effort TEXT;
  ALTER TABLE streams ADD COLUMN effort TEXT;
  ALTER TABLE jobs ADD COLUMN instructions TEXT;
  ALTER TABLE jobs ADD COLUMN effort TEXT;
`
