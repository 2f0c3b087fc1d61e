// Imported before a server: on a message, it collects its garbage and answers with the memory that it still uses, in bytes.
process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.send?.({ used: heapUsed + external, resident: rss })
})
// The channel alone does not keep the process alive.
process.channel?.unref()
