import type { Plugin } from 'graphql-yoga'
import { parseJsonWithExactNumbers } from '../../../lib/text/json.ts'

/** Keeps the digits of big integers in variables. Yoga's parser reads the body with `request.json()`, which rounds them. */
export function useExactJson(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser((request) => {
        request.json = async () => parseJsonWithExactNumbers(await request.text())
        return requestParser(request)
      })
    },
  }
}
