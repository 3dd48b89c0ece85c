import { get } from "../../api/client";
import { resource, type Resource } from "../../live/resource.svelte";

const EVERY_MS = 5_000;

/** What says how things are at a moment: read again every 5 s while the page is seen. */
export function probe<T>(path: string): Resource<T> {
  const found = resource<T>((signal) => get<T>(path, undefined, signal));
  $effect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) found.refresh();
    }, EVERY_MS);
    return () => clearInterval(timer);
  });
  return found;
}
