/** A button that changes something: it asks first. */
import { mayOperate, type Question, useSurroundings } from "../surroundings.ts";

interface ActionProps extends Question {
  readonly look?: string;
  /** Told apart for screen readers where several buttons have one label. */
  readonly about?: string;
}

/** Not shown to those who may not. */
export function Action({ look = "", about, ...question }: ActionProps) {
  const { me, ask } = useSurroundings();
  if (!mayOperate(me)) return null;
  return (
    <button type="button" class={`button ${look}`} onClick={() => ask(question)}>
      {question.label}
      {about !== undefined && <span class="unseen"> {about}</span>}
    </button>
  );
}
