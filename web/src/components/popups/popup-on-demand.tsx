import { cloneElement, type ComponentType, lazy, type ReactElement, Suspense, useState } from 'react'

/** What a popup that is loaded on demand is rendered with. It opens by itself when it is first rendered. */
export interface OnDemandPopupProps {
  /** The button that opens it. */
  readonly trigger: ReactElement<TriggerProps>
}

interface TriggerProps {
  readonly onPointerEnter?: () => void
  readonly onFocus?: () => void
  readonly onClick?: () => void
}

/** A popup whose code is loaded when the pointer or the focus comes to its button. Until then, it is the button alone. */
export function popupOnDemand<Props extends object>(
  load: () => Promise<{ readonly default: ComponentType<Props & OnDemandPopupProps> }>,
): ComponentType<Props & OnDemandPopupProps> {
  const Popup = lazy(load)
  // Without a connection nothing is loaded, and the button can be pressed again.
  const preload = (): void => void load().catch(() => {})
  return function PopupOnDemand(props) {
    const [isWanted, setWanted] = useState(false)
    const { trigger } = props
    if (isWanted) {
      return (
        <Suspense fallback={trigger}>
          <Popup {...props} />
        </Suspense>
      )
    }
    const open = (): void =>
      void load().then(
        () => setWanted(true),
        () => {},
      )
    return cloneElement(trigger, { onPointerEnter: preload, onFocus: preload, onClick: open })
  }
}
