/* Somebody started a run: the frame's list of runs looks at once. */

export const started = { on: (): void => undefined };
