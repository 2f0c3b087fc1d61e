// The least that a React page with a list and a field can be.
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

const list = createElement('ul', { style: { minHeight: 10 } })
const title = createElement('h1', null, 'No chats')
const field = createElement('textarea', { 'aria-label': 'Message' })
createRoot(document.getElementById('root')).render(createElement(StrictMode, null, title, list, field))
