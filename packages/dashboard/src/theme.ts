/** Light or dark: as the system has it, until the reader chooses. */
const KEY = "nexus.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

type Theme = "light" | "dark";

/** The scheme that is shown. */
export function theme(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Shows it, and follows the system from now on. */
export function applyTheme(): void {
  show();
  system.addEventListener("change", show);
}

/** Chooses the other one. Returns what is shown now. */
export function switchTheme(): Theme {
  localStorage.setItem(KEY, theme() === "dark" ? "light" : "dark");
  show();
  return theme();
}

function show(): void {
  document.documentElement.dataset["theme"] = theme();
  dispatchEvent(new Event("themechange"));
}
