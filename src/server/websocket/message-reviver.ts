import { createJsonReviver } from '../../lib/json-input/parse-json-in-steps.ts'
import { reviveExactNumber } from '../../lib/text/json.ts'

/** What graphql-ws parses messages with. One reviver serves all sockets, so it is told which message is being parsed. */
export class MessageReviver {
  #revive = reviveExactNumber

  /** A reviver for `JSON.parse`. Its numbers are exact. */
  readonly revive: typeof reviveExactNumber = (key, value, context) => this.#revive(key, value, context)

  /** Restores these strings in a message that `handle` parses before its first await. */
  run<T>(strings: ReadonlyMap<string, string>, handle: () => T): T {
    this.#revive = createJsonReviver(strings)
    try {
      return handle()
    } finally {
      this.#revive = reviveExactNumber
    }
  }
}
