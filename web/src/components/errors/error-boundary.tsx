import { Component, type ReactNode } from 'react'

interface ErrorBoundaryProps {
  /** Another one renders the children again. */
  readonly resetKey: unknown
  /** What stands in place of children that cannot be rendered. */
  readonly fallback: ReactNode
  readonly children: ReactNode
}

interface ErrorBoundaryState {
  readonly failedKey: unknown
  readonly hasFailed: boolean
}

/** Keeps what cannot be rendered to its own place: the rest of the page stays. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { hasFailed: false, failedKey: null }

  static getDerivedStateFromError(): Partial<ErrorBoundaryState> {
    return { hasFailed: true }
  }

  static getDerivedStateFromProps(
    { resetKey }: ErrorBoundaryProps,
    { hasFailed, failedKey }: ErrorBoundaryState,
  ): ErrorBoundaryState {
    return { hasFailed: hasFailed && failedKey === resetKey, failedKey: resetKey }
  }

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.fallback : this.props.children
  }
}
