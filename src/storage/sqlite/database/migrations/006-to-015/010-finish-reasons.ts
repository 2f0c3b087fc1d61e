/** Why the model stopped. Old streams have no reason. */
export const migration010 = `
  ALTER TABLE streams ADD COLUMN finish_reason TEXT;
`
