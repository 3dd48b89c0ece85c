export interface Paced {
  (): void;
  stop(): void;
}

/** Ask for `run`; however often that is done, it runs with a frame of the page and at most once every `everyMs`. */
export function paced(run: () => void, everyMs = 250): Paced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;
  let last = -Infinity;
  const draw = () => {
    timer = undefined;
    last = performance.now();
    run();
  };
  const ask = () => {
    const wait = Math.max(0, last + everyMs - performance.now());
    timer ??= setTimeout(() => (frame = requestAnimationFrame(draw)), wait);
  };
  ask.stop = () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    timer = undefined;
  };
  return ask;
}
