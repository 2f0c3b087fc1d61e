/** Which profiles were added because Hermes has them. Old rows are profiles of Segue. */
export const profilesOfHermes = `
  ALTER TABLE profiles ADD COLUMN from_hermes smallint NOT NULL DEFAULT 0;
`
