/** The question before a change, with the reason that the audit log keeps. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "../api.ts";
import { typedInto } from "../form.ts";
import { claimedName, keepName } from "../session.ts";
import { type Question, useSurroundings } from "../surroundings.ts";

/** Stays until it is answered, whatever the page learns meanwhile. */
export function Ask({
  title,
  label,
  explains,
  act,
  close,
}: Question & { readonly close: () => void }) {
  const { me, say } = useSurroundings();
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: SubmitEvent) => {
    const typed = typedInto(event);
    if (!me.verified) keepName(typed("name"));
    setBusy(true);
    try {
      say(await act(typed("reason")));
      close();
    } catch (error) {
      setProblem(error instanceof Refusal ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="ask-title">
      <form class="form" onSubmit={(event) => void submit(event)}>
        <h2 id="ask-title">{title}</h2>
        <p>{explains}</p>
        <label class="field">
          <span>Why? Kept in the audit log</span>
          <textarea name="reason" required rows={2} maxLength={500} />
        </label>
        {!me.verified && <NameField />}
        {problem !== undefined && (
          <p class="notice bad" role="alert">
            It was not done: {problem}.
          </p>
        )}
        <Buttons label={label} busy={busy} close={close} />
      </form>
    </dialog>
  );
}

interface Answers {
  readonly label: string;
  /** While it is being done. */
  readonly busy: boolean;
  readonly close: () => void;
}

function Buttons({ label, busy, close }: Answers) {
  return (
    <div class="buttons">
      <button type="button" class="button" onClick={close}>
        Leave it
      </button>
      <button type="submit" class="button first" disabled={busy}>
        {busy ? "Being done…" : label}
      </button>
    </div>
  );
}

function NameField() {
  return (
    <label class="field">
      <span>Your name, as the audit log will show it</span>
      <input
        name="name"
        defaultValue={claimedName()}
        maxLength={64}
        pattern="[\w.@\-]*"
        autocomplete="nickname"
      />
    </label>
  );
}
