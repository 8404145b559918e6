// Takes the theme that was chosen before anything is drawn. Without a choice it is the system's.
try {
  const theme = localStorage.getItem('aiusage-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme will do.
}
