/** Where tokens are configured: a token, kept in this tab only. */
import { useState } from "preact/hooks";
import { typedInto } from "../form.ts";
import { keepToken, token } from "../session.ts";

/** Shown until the API knows the token. */
export function Login({ enter }: { readonly enter: () => void }) {
  const [refused] = useState(token() !== undefined);
  const submit = (event: SubmitEvent) => {
    keepToken(typedInto(event)("token"));
    enter();
  };
  return (
    <main class="page">
      <form class="card form login" onSubmit={submit}>
        <h1>Smile Nexus Migration</h1>
        <p class="soft">
          This API asks for a token. It is kept in this tab only and is gone when you close it.
        </p>
        <label class="field">
          <span>Token</span>
          <input name="token" type="password" required autocomplete="off" spellcheck={false} />
        </label>
        {(refused || token() !== undefined) && (
          <p class="notice bad" role="alert">
            The API does not know this token.
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="button first">
            Log in
          </button>
        </div>
      </form>
    </main>
  );
}
