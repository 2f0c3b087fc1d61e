import { z } from 'zod'
import { withMcpProgressToken } from './transport/mcp-progress-token.ts'

const progressSchema = z.object({ progressToken: z.union([z.string(), z.number()]) })

/** The tool calls of one MCP server that wait for progress notifications. */
export class McpToolProgressListeners {
  readonly #listeners = new Map<string, () => void>()
  #tokenCount = 0

  /** Makes a call whose progress is reported to `onProgress` until it has settled. */
  async listen<T>(onProgress: () => void, call: () => Promise<T>): Promise<T> {
    this.#tokenCount += 1
    const token = `call-${this.#tokenCount}`
    this.#listeners.set(token, onProgress)
    try {
      return await withMcpProgressToken(token, call)
    } finally {
      this.#listeners.delete(token)
    }
  }

  /** Handles the parameters of a `notifications/progress`. */
  handleProgress(params: unknown): void {
    const token = progressSchema.safeParse(params).data?.progressToken
    if (token !== undefined) this.#listeners.get(String(token))?.()
  }
}
