/**
 * What a model would be sent next of each session: JSON, in tokens. Old rows have none, so theirs is counted when it is read.
 */
export const migration028 = `
  ALTER TABLE sessions ADD COLUMN context_size TEXT;
`
