/** A migration that cannot be made. The message says why, and what to do. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}
