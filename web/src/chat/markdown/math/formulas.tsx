import 'katex/dist/katex.min.css'
import { useLayoutEffect, useRef } from 'react'
import type { Components, Options } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import remarkMath from 'remark-math'
import { markdownElements } from '../elements/markdown-elements.tsx'
import { readCode } from '../elements/read-code.ts'
import { NestedCode } from '../elements/nested-code.tsx'
import styles from './formulas.module.css'
import { renderFormula } from './render-formula.ts'

/** What shows formulas. It is loaded with the first one. */
export const formulaOptions: Pick<Options, 'remarkPlugins' | 'components'> = {
  remarkPlugins: [[remarkGfm, { singleTilde: false }], remarkMath],
  components: {
    ...markdownElements,
    code: ({ className, children }) =>
      className?.includes('math-inline') ? (
        <Formula formula={String(children)} isDisplay={false} />
      ) : (
        <code className={className}>{children}</code>
      ),
    pre: ({ children }) => {
      const { code, language } = readCode(children)
      return language === 'math' ? <Formula formula={code} isDisplay /> : <NestedCode code={code} language={language} />
    },
  } satisfies Components,
}

interface FormulaProps {
  readonly formula: string
  readonly isDisplay: boolean
}

/** A formula. KaTeX makes its elements itself, without HTML that a browser would have to read. */
function Formula({ formula, isDisplay }: FormulaProps) {
  const element = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    if (!element.current) return
    // No formula can make links, load images, or take long.
    const limits = { trust: false, strict: 'ignore', maxExpand: 500, maxSize: 30 } as const
    try {
      renderFormula(formula, element.current, { ...limits, displayMode: isDisplay })
    } catch {
      // What is no formula, or too much of one, is shown as it is written.
      element.current.textContent = formula
    }
  }, [formula, isDisplay])
  return <span ref={element} className={isDisplay ? styles.display : undefined} />
}
