// Runs before the first paint, so that a chosen theme does not flash. The app changes the choice: see src/theme/theme.ts.
try {
  const choice = localStorage.getItem('segue.theme')
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice
} catch {
  // Without storage the theme is that of the system.
}

// What only chats need is loaded beside the app where the address names one, rather than after it. The build names the files:
// see first-load.ts.
{
  const { chatScripts = '', chatStyles = '' } = document.currentScript.dataset
  const preload = (attributes) => document.head.append(Object.assign(document.createElement('link'), attributes))
  if (location.pathname.startsWith('/chat/')) {
    for (const href of chatScripts.split(' ').filter(Boolean)) preload({ rel: 'modulepreload', href })
    for (const href of chatStyles.split(' ').filter(Boolean))
      preload({ rel: 'preload', as: 'style', crossOrigin: '', href })
  }
}
