import type { Plugin } from 'graphql-yoga'
import type { YogaServerContext } from './use-slow-consumer-timeout.ts'

/**
 * Gives Yoga the JSON that was read before. Its own parser reads the body with `request.json()`, which rounds big integers,
 * and takes long for a large body.
 */
export function useExactJson(): Plugin<object, YogaServerContext> {
  return {
    onRequestParse({ requestParser, setRequestParser, serverContext: { body } }) {
      if (!requestParser || !body) return
      setRequestParser((request) => {
        request.json = () => body.parse()
        return requestParser(request)
      })
    },
  }
}
