import type { Options } from 'react-markdown'

interface NoteNode {
  readonly identifier: string
}

/**
 * Footnotes and the marks that refer to them become elements of their own, each where it stands: a text of Markdown is
 * rendered in pieces, of which none knows all notes. No text has these elements otherwise.
 */
export const noteOptions: NonNullable<Options['remarkRehypeOptions']> = {
  handlers: {
    footnoteReference: (_state, { identifier }: NoteNode) => ({
      type: 'element',
      tagName: 'sup',
      properties: { dataNote: identifier },
      children: [],
    }),
    footnoteDefinition: (state, node) => {
      const children = state.all(node)
      if (children.length === 0) return undefined
      return { type: 'element', tagName: 'section', properties: { dataNote: node.identifier }, children }
    },
  },
}
