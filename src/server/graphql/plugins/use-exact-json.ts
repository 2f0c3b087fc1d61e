import type { Plugin } from 'graphql-yoga'
import { parseRequestJson } from '../parse-request-json.ts'

/**
 * Keeps the digits of big integers in variables, and parses a large body in steps. Yoga's parser reads the body with
 * `request.json()`, which rounds them, and takes long.
 */
export function useExactJson(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser((request) => {
        request.json = async () => parseRequestJson(await request.text())
        return requestParser(request)
      })
    },
  }
}
