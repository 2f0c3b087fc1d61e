import { createHighlighterCore, type HighlighterCore } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import dark from 'shiki/themes/github-dark-high-contrast.mjs'
import light from 'shiki/themes/github-light-high-contrast.mjs'
import type { HighlightedLine, HighlightRequest, HighlightResponse } from './highlighted-line.ts'
import { findLanguage } from './languages.ts'

const themes = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' }

/**
 * For one line. The first one also waits until the patterns of its grammar are compiled, which takes long while the machine has
 * much to do: with the limit that is the default, the rest of it would have no colours.
 */
const maxLineMs = 10_000

let highlighter: Promise<HighlighterCore> | null = null

self.addEventListener('message', ({ data }: MessageEvent<HighlightRequest>) => {
  const { id, code, language } = data
  highlight(code, language)
    .catch(() => null)
    .then((lines) => self.postMessage({ id, lines } satisfies HighlightResponse))
})

async function highlight(code: string, name: string): Promise<readonly HighlightedLine[] | null> {
  const language = findLanguage(name)
  if (!language) return null
  highlighter ??= createHighlighterCore({
    themes: [light, dark],
    langs: [],
    // Some grammars have a pattern that JavaScript cannot run: they are used without it.
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  })
  const { loadLanguage, codeToTokensWithThemes } = await highlighter
  await loadLanguage(language.load())
  return codeToTokensWithThemes(code, { lang: language.id, themes, tokenizeTimeLimit: maxLineMs }).map((line) =>
    line.map(({ content, variants }) => [content, variants['light']?.color ?? '', variants['dark']?.color ?? '']),
  )
}
