/** The text of a response, piece by piece. Ends with the response. */
export async function* readChunks(response: Response): AsyncGenerator<string, void> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    // Not every browser can iterate a stream.
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}
