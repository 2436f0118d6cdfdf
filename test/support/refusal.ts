import { UnrolledError } from 'unrolled'
import { expect } from 'vitest'

/** The message that a call is refused with; `'accepted'` for one that is not. */
export async function refusal(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    expect(error).toBeInstanceOf(UnrolledError)
    return (error as UnrolledError).message
  }
  return 'accepted'
}
