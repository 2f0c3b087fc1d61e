/** Prints a line for the user to stderr. Stdout may carry a document. */
export function printLineToStderr(text: string): void {
  process.stderr.write(`${text}\n`)
}
