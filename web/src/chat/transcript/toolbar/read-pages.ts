interface Page<Node> {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly edges: readonly { readonly node: Node }[]
}

/** Reads a list to its end, page by page. A page that is null ends it. */
export async function readPages<Node>(
  read: (after: string | null) => Promise<Page<Node> | null | undefined>,
): Promise<readonly Node[]> {
  const nodes: Node[] = []
  let after: string | null = null
  do {
    const page: Page<Node> | null | undefined = await read(after)
    if (!page) break
    nodes.push(...page.edges.map(({ node }) => node))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after !== null)
  return nodes
}
