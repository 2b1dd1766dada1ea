/** Addresses within the page: `#/exceptions?entity=cases`. */
import { useEffect, useState } from "preact/hooks";

export interface Place {
  /** `["runs", "12"]` */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** The place that a hash names. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  return {
    path: path.split("/").filter(Boolean).map(decodeURIComponent),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** A link to a place; what is empty is left out. */
export function linkTo(
  path: readonly (string | number)[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, value);
  const rest = search.size === 0 ? "" : `?${search.toString()}`;
  return `#/${path.map(encodeURIComponent).join("/")}${rest}`;
}

/** Where the reader is; changes with the address. */
export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    addEventListener("hashchange", moved);
    moved(); // The reader may have gone elsewhere between the first look and now.
    return () => removeEventListener("hashchange", moved);
  }, []);
  return placeOf(hash);
}
