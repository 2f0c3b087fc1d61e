import { useEffect, useState } from 'react'
import { usePathname } from 'wouter/use-browser-location'

/** The title of a view is known a moment after its address. */
const delayMs = 500

/** Says the name of each view that is opened to screen readers: a change of the address alone is silent. */
export function RouteAnnouncer() {
  const path = usePathname()
  const [firstPath] = useState(path)
  const [announced, setAnnounced] = useState({ path: firstPath, title: '' })
  useEffect(() => {
    if (path === announced.path) return
    const timer = setTimeout(() => setAnnounced({ path, title: document.title.replace(/^\(\d+\+?\) /, '') }), delayMs)
    return () => clearTimeout(timer)
  }, [path, announced])
  return (
    <p className="visually-hidden" role="status">
      {announced.title}
    </p>
  )
}
