/** What was typed into a form. */

/** Keeps the page where it is, and answers the trimmed text of a field by its name. */
export function typedInto(event: SubmitEvent): (name: string) => string {
  event.preventDefault();
  const given =
    event.currentTarget instanceof HTMLFormElement ? new FormData(event.currentTarget) : undefined;
  return (name) => {
    const text = given?.get(name);
    return typeof text === "string" ? text.trim() : "";
  };
}
