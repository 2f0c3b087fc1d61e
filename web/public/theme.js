// Runs before the first paint, so that a chosen theme does not flash. The app changes the choice: see src/app/theme.ts.
try {
  const choice = localStorage.getItem('segue.theme')
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice
} catch {
  // Without storage the theme is that of the system.
}
