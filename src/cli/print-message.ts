/** Prints a line for the user to stderr. Stdout may carry a document. */
export function printMessage(text: string): void {
  process.stderr.write(`${text}\n`)
}
