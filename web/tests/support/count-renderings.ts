import type { Page } from 'playwright-core'

/** What the page has done since it was opened. */
export interface RenderingCounts {
  /** Commits of React. */
  readonly commits: number
  /** Function components that have rendered. */
  readonly components: number
  /** Blocks of Markdown among them. */
  readonly blocks: number
  /** Sources of Markdown among them that were parsed: blocks, or pieces of them. */
  readonly sources: number
  /** Elements that were added to the document. */
  readonly addedElements: number
}

/** Reloads a page, and counts from then on what React does in it. */
export async function watchRenderings(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counts = { commits: 0, components: 0, blocks: 0, sources: 0, addedElements: 0 }
    Reflect.set(window, 'renderingCounts', counts)
    /** What React hands to its developer tools, of which this uses a little. */
    interface Fiber {
      readonly alternate: Fiber | null
      readonly child: Fiber | null
      readonly sibling: Fiber | null
      readonly flags: number
      readonly type: unknown
      readonly memoizedProps: Readonly<Record<string, unknown>> | null
    }
    const performedWork = 1
    const visit = (fiber: Fiber): void => {
      const isComponent = typeof fiber.type === 'function' || (typeof fiber.type === 'object' && fiber.type !== null)
      if (isComponent && (fiber.flags & performedWork) !== 0) {
        counts.components += 1
        if (typeof fiber.type === 'function' && fiber.memoizedProps && 'block' in fiber.memoizedProps)
          counts.blocks += 1
        if (
          typeof fiber.type === 'function' &&
          fiber.memoizedProps &&
          'isLive' in fiber.memoizedProps &&
          'source' in fiber.memoizedProps
        )
          counts.sources += 1
      }
      // What is the same as before was not visited.
      if (fiber.alternate && fiber.child === fiber.alternate.child) return
      for (let child = fiber.child; child; child = child.sibling) visit(child)
    }
    Reflect.set(window, '__REACT_DEVTOOLS_GLOBAL_HOOK__', {
      supportsFiber: true,
      inject: () => 1,
      onCommitFiberRoot: (_id: number, root: { readonly current: Fiber }) => {
        counts.commits += 1
        visit(root.current)
      },
      onCommitFiberUnmount: () => undefined,
      onPostCommitFiberRoot: () => undefined,
    })
    new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        for (const node of addedNodes) {
          if (node instanceof Element) counts.addedElements += 1 + node.querySelectorAll('*').length
        }
      }
    }).observe(document, { childList: true, subtree: true })
  })
  await page.reload()
}

/** The counts of a page since `watchRenderings`. */
export function countRenderings(page: Page): Promise<RenderingCounts> {
  return page.evaluate(() => {
    const counts: RenderingCounts = Reflect.get(window, 'renderingCounts')
    return { ...counts }
  })
}
