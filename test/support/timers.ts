import { expect } from 'vitest'

/** Expects a timer to fire in the midst of a loop of refused calls. */
export async function expectTimers(refused: () => unknown): Promise<void> {
  let fired = false
  setTimeout(() => {
    fired = true
  }, 5)
  const until = performance.now() + 5000
  while (!fired && performance.now() < until) await expect(refused()).rejects.toThrow()
  expect(fired).toBe(true)
}
