import { isValidElement, type ReactNode } from 'react'

/** The text and the language of the code element within a `pre`. */
export function readCode(element: ReactNode): { readonly code: string; readonly language: string } {
  const props: unknown = isValidElement(element) ? element.props : null
  if (typeof props !== 'object' || props === null) return { code: '', language: '' }
  const className: unknown = Reflect.get(props, 'className')
  const children: unknown = Reflect.get(props, 'children')
  const language = typeof className === 'string' ? (/language-(\S+)/.exec(className)?.[1] ?? '') : ''
  return { code: typeof children === 'string' ? children.replace(/\n$/, '') : '', language: language.toLowerCase() }
}
