/** The whole page: who looks, the progress that all views share, and the view that the address names. */
import type { RunView } from "@nexus/contract";
import { useCallback, useEffect, useState } from "preact/hooks";
import { read, Refusal } from "./api.ts";
import { followProgress } from "./follow.ts";
import { Frame } from "./frame.tsx";
import { Ask } from "./parts/ask.tsx";
import { keepToken } from "./session.ts";
import { type Me, type Question, SurroundingsContext } from "./surroundings.ts";
import { Login } from "./views/login.tsx";

/** Asks who looks; shows the login where the API wants a token. */
export function Dashboard() {
  const [me, setMe] = useState<Me | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const enter = useCallback(() => {
    read("GET /v1/me").then(
      (answer) => {
        setRefusal(undefined);
        setMe(answer);
      },
      (error: unknown) => {
        setMe(undefined);
        setRefusal(error instanceof Refusal ? error : new Refusal(0, String(error)));
      },
    );
  }, []);
  useEffect(enter, [enter]);
  const leave = useCallback(() => {
    keepToken("");
    enter();
  }, [enter]);

  if (me !== undefined) return <Entered me={me} leave={leave} />;
  if (refusal?.status === 401) return <Login enter={enter} />;
  if (refusal === undefined) return <p class="opening">Asking the API who you are…</p>;
  return (
    <main class="page">
      <h1>The dashboard cannot open</h1>
      <p class="notice bad" role="alert">
        {refusal.message}
      </p>
      <div>
        <button type="button" class="button" onClick={enter}>
          Try again
        </button>
      </div>
    </main>
  );
}

function Entered({ me, leave }: { readonly me: Me; readonly leave: () => void }) {
  const [view, setView] = useState<RunView | undefined>(undefined);
  const [lost, setLost] = useState<Refusal | undefined>(undefined);
  const [said, setSaid] = useState("");
  const [question, ask] = useState<Question | undefined>(undefined);
  useEffect(() => {
    const closing = new AbortController();
    const seen = (next: RunView) => {
      setView(next);
      setLost(undefined);
    };
    void followProgress(
      { seen, lost: (why) => (why.status === 401 ? leave() : setLost(why)) },
      closing.signal,
    );
    return () => closing.abort();
  }, [leave]);
  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), 8_000);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <SurroundingsContext.Provider value={{ view, me, say: setSaid, ask }}>
      <Frame leave={leave} lost={lost} said={said} />
      {question !== undefined && <Ask {...question} close={() => ask(undefined)} />}
    </SurroundingsContext.Provider>
  );
}
