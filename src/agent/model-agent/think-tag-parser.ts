const opening = '<think>'
const closing = '</think>'

/** A stretch of one kind. `turn` counts the tags passed so far: where it changes, a new stretch begins. */
export interface Stretch {
  readonly kind: 'text' | 'reasoning'
  readonly turn: number
  readonly text: string
}

/**
 * Tells inline thinking from text, however the chunks cut the tags. Every character but those of the tags comes out
 * again, in order; what might still become a tag is held back until the next chunk decides, or `flush` is called.
 */
export class ThinkSplitter {
  #held = ''
  #turn = 0

  push(chunk: string): Stretch[] {
    const stretches: Stretch[] = []
    let rest = this.#held + chunk
    for (let tag = this.#nextTag(), at = rest.indexOf(tag); at >= 0; tag = this.#nextTag(), at = rest.indexOf(tag)) {
      if (at > 0) stretches.push(this.#stretch(rest.slice(0, at)))
      rest = rest.slice(at + tag.length)
      this.#turn += 1
    }
    const whole = rest.length - heldBack(rest, this.#nextTag())
    if (whole > 0) stretches.push(this.#stretch(rest.slice(0, whole)))
    this.#held = rest.slice(whole)
    return stretches
  }

  /** What is held back, which is no tag after all. A thought that is still open stays open. */
  flush(): Stretch[] {
    const held = this.#held
    this.#held = ''
    return held === '' ? [] : [this.#stretch(held)]
  }

  #nextTag(): string {
    return this.#turn % 2 === 0 ? opening : closing
  }

  #stretch(text: string): Stretch {
    return { kind: this.#turn % 2 === 0 ? 'text' : 'reasoning', turn: this.#turn, text }
  }
}

/** The length of the longest end of `text` that the next chunk could complete to `tag`. */
function heldBack(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
