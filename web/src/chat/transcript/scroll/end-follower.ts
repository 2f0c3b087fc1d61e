const endMargin = 24 // pixels: whoever scrolls down this close to the end wants to see what comes

/**
 * Keeps a scrolled area at its end while its content grows, until the reader scrolls up. It never scrolls against the
 * reader: any movement away from the end ends it, and only the reader's own way back to the end begins it again.
 */
export class EndFollower {
  readonly #scroller: HTMLElement
  readonly #onChange: () => void
  readonly #leave = new AbortController()
  readonly #sizes = new ResizeObserver(() => this.#follow())
  #isFollowing = true
  #top = 0
  #distance = 0 // from the end
  #touchY = 0

  constructor(scroller: HTMLElement, content: HTMLElement, onChange: () => void) {
    this.#scroller = scroller
    this.#onChange = onChange
    const options = { passive: true, signal: this.#leave.signal }
    scroller.addEventListener('scroll', () => this.#read(), options)
    // These come before the scroll that they cause, and so before the next growth of the content.
    scroller.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && this.#stop(), options)
    scroller.addEventListener('touchstart', ({ touches }) => (this.#touchY = touches[0]?.clientY ?? 0), options)
    scroller.addEventListener('touchmove', ({ touches }) => this.#touch(touches[0]?.clientY ?? 0), options)
    this.#sizes.observe(scroller)
    this.#sizes.observe(content)
    this.#mark()
    this.#follow()
  }

  /** Whether the end is shown, and stays shown. */
  get isFollowing(): boolean {
    return this.#isFollowing
  }

  /** Goes to the end, and stays there. */
  readonly goToEnd = (): void => {
    this.#set(true)
    this.#follow()
  }

  /** Stays where the reader is: the page itself scrolls to something else. */
  readonly stay = (): void => this.#set(false)

  /** Where all is shown, such as in another try of a turn, there is nothing to go to. */
  readonly checkWhole = (): void => {
    if (this.#scroller.scrollHeight <= this.#scroller.clientHeight) this.#set(true)
  }

  dispose(): void {
    this.#leave.abort()
    this.#sizes.disconnect()
  }

  #follow(): void {
    this.checkWhole()
    // A text that is being selected stays under the pointer.
    if (!this.#isFollowing || this.#isSelecting()) return
    this.#scroller.scrollTop = this.#scroller.scrollHeight
    this.#top = this.#scroller.scrollTop
    this.#distance = 0
  }

  #read(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller
    const distance = scrollHeight - clientHeight - scrollTop
    const isUp = scrollTop < this.#top
    // Where the content above has grown, the place is another one, but not the distance.
    const isNearer = distance < this.#distance
    this.#top = scrollTop
    this.#distance = distance
    if (isUp && distance > 1) this.#set(false)
    else if (isNearer && distance <= endMargin) this.#set(true)
  }

  #touch(y: number): void {
    if (y > this.#touchY) this.#stop()
    this.#touchY = y
  }

  #stop(): void {
    if (this.#scroller.scrollHeight > this.#scroller.clientHeight) this.#set(false)
  }

  #set(isFollowing: boolean): void {
    if (isFollowing === this.#isFollowing) return
    this.#isFollowing = isFollowing
    this.#mark()
    this.#onChange()
  }

  /** At the end, the browser must not hold another place: see the style. */
  #mark(): void {
    this.#scroller.toggleAttribute('data-following', this.#isFollowing)
  }

  #isSelecting(): boolean {
    const selection = document.getSelection()
    return !!selection && !selection.isCollapsed && this.#scroller.contains(selection.anchorNode)
  }
}
