/** An export or import that is not possible. The message tells the user why, and where in the file. */
export class ExportImportError extends Error {
  override readonly name = 'ExportImportError'
}
