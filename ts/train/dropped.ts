/** The function that ends a run whose generator is gone; none before the run begins and after it ends. */
export interface Held {
  release?: () => void
}

/** Ends the runs whose generators were dropped between two events, so that their models can train again. */
export const dropped = new FinalizationRegistry<Held>((held) => held.release?.())
