import { render } from "preact";
import { Dashboard } from "./dashboard.tsx";
import { applyTheme } from "./theme.ts";

applyTheme();
const root = document.getElementById("app");
if (root !== null) {
  root.textContent = "";
  render(<Dashboard />, root);
}
