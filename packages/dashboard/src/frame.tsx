/** What surrounds every view: the menu, what is wrong with the connection, what was done, and who looks. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Refusal } from "./api.ts";
import icon from "./icon.svg";
import { usePlace } from "./router.ts";
import { useSurroundings } from "./surroundings.ts";
import { switchTheme, theme } from "./theme.ts";
import { Accounts } from "./views/accounts.tsx";
import { Adoptions } from "./views/adoptions.tsx";
import { Audit } from "./views/audit.tsx";
import { Embeddings } from "./views/embeddings.tsx";
import { Entity } from "./views/entity.tsx";
import { Exceptions } from "./views/exceptions.tsx";
import { Overview } from "./views/overview.tsx";
import { Row } from "./views/row.tsx";
import { Runs } from "./views/runs.tsx";
import { Verifications } from "./views/verifications.tsx";
import { percent, words } from "./words.ts";

const VIEWS: Readonly<Record<string, ComponentType>> = {
  "": Overview,
  entities: Entity,
  exceptions: Exceptions,
  embeddings: Embeddings,
  accounts: Accounts,
  runs: Runs,
  adoptions: Adoptions,
  verifications: Verifications,
  rows: Row,
  audit: Audit,
};

const MENU = [
  ["", "Overview"],
  ["exceptions", "Exceptions"],
  ["embeddings", "Embeddings"],
  ["accounts", "Accounts"],
  ["runs", "Runs"],
  ["adoptions", "Adoptions"],
  ["verifications", "Verifications"],
  ["rows", "Find a row"],
  ["audit", "Audit"],
] as const;

interface FrameProps {
  readonly leave: () => void;
  readonly lost: Refusal | undefined;
  readonly said: string;
}

/** The frame with the view that the address names. */
export function Frame({ leave, lost, said }: FrameProps) {
  const { path } = usePlace();
  const main = useRef<HTMLElement>(null);
  const View = VIEWS[path[0] ?? ""] ?? Unknown;
  const address = path.join("/");
  const opened = useRef(address);
  const name =
    MENU.find(([place]) => place === (path[0] ?? ""))?.[1] ?? path.slice(0, 2).map(words).join(" ");
  useEffect(() => {
    document.title = `${name} · Smile Nexus Migration`;
  }, [name]);
  useEffect(() => {
    if (opened.current === address) return;
    opened.current = address;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [address]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), main.current?.focus())}
      >
        Skip to the content
      </a>
      <Top here={path[0] ?? ""} leave={leave} />
      {lost !== undefined && (
        <p class="banner" role="alert">
          {lost.message}: what you see may be old. Trying again…
        </p>
      )}
      <main class="page" id="main" tabIndex={-1} ref={main}>
        <View />
      </main>
      <footer class="foot">
        <span>Smile Nexus Migration</span>
        <a href="/docs">API documentation</a>
        <span>Legacy keys and codes only: no value of a row is shown here.</span>
      </footer>
      <p class="toast" role="status">
        {said}
      </p>
      <ProgressInWords />
    </>
  );
}

function Top({ here, leave }: { readonly here: string; readonly leave: () => void }) {
  const { me } = useSurroundings();
  const [shown, setShown] = useState(theme());
  return (
    <header class="top">
      <div class="top-inner">
        <a class="brand" href="#/">
          <img src={icon} alt="" /> Smile Nexus
        </a>
        <nav class="menu" aria-label="Views">
          {MENU.map(([place, label]) => (
            <a
              key={place}
              href={`#/${place}`}
              aria-current={isHere(place, here) ? "page" : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        <div class="you">
          <span class="you-name">
            {me.verified ? `${me.name}, ${me.role}` : "this machine, no login"}
          </span>
          <button type="button" class="button slim" onClick={() => setShown(switchTheme())}>
            {shown === "dark" ? "Light" : "Dark"}
            <span class="unseen"> colours</span>
          </button>
          {me.verified && (
            <button type="button" class="button slim" onClick={leave}>
              Log out
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

function isHere(place: string, here: string): boolean {
  return place === here || (place === "" && here === "entities");
}

/** For screen readers: says the progress when another tenth is done, not at each row. */
function ProgressInWords() {
  const { view } = useSurroundings();
  const { run, totals } = view ?? {};
  const tenth = totals === undefined ? 0 : Math.floor(totals.percent / 10) * 10;
  return (
    <p class="unseen" aria-live="polite">
      {run != null &&
        `Run ${run.id} is ${run.status}; ${percent(tenth)} of its rows or more are dealt with.`}
    </p>
  );
}

function Unknown() {
  return (
    <>
      <h1>There is no such view</h1>
      <p>
        <a href="#/">Back to the overview</a>
      </p>
    </>
  );
}
