/** Has the browser save a file. It is never opened in the page: a document could run scripts. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser reads the file after this call.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
