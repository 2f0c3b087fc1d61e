/** An export or an import that cannot be; the message says why, and where, for whoever asked for it. */
export class TransferError extends Error {
  override readonly name = 'TransferError'
}
