interface ErrorTextProps {
  /** Why something failed. Null: nothing is shown. */
  readonly children: string | null
  readonly className?: string | undefined
}

/** Says, where something was tried, why it failed. Screen readers speak it at once. */
export function ErrorText({ children, className }: ErrorTextProps) {
  if (children === null) return null
  return (
    <p className={className} role="alert">
      {children}
    </p>
  )
}
