import type { DocumentNode } from 'graphql'

/** As many as an application has, and more. */
const maxDocuments = 500 // documents

/** What nobody writes by hand or by a tool is not kept: a request may have megabytes. */
const maxDocumentLength = 16_384 // UTF-16 code units

/** Documents that were found valid, by their text: what is asked again and again is parsed and validated once. */
export class DocumentCache {
  readonly #documents = new Map<string, DocumentNode>()

  get(text: string): DocumentNode | null {
    const document = this.#documents.get(text)
    if (!document) return null
    // Last in line again: the first is the one that was not asked for the longest.
    this.#documents.delete(text)
    this.#documents.set(text, document)
    return document
  }

  add(text: string, document: DocumentNode): void {
    if (text.length > maxDocumentLength) return
    this.#documents.set(text, document)
    const [oldest] = this.#documents.size > maxDocuments ? this.#documents.keys() : []
    if (oldest !== undefined) this.#documents.delete(oldest)
  }
}
