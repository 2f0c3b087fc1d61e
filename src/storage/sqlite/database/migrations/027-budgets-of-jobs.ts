/** Budgets of jobs, for each of their runs. Old jobs have none. */
export const migration027 = `
  ALTER TABLE jobs ADD COLUMN budget TEXT; -- JSON; null for no limit
`
