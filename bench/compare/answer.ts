import { createInterface } from 'node:readline'

/** Answers the lines of JSON on stdin, one after another, until it ends. */
export async function answerLines<Q>(answer: (request: Q) => Promise<object>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, ...request } = JSON.parse(line) as Q & { id: number }
    const reply = await answer(request as Q).then(
      (value) => ({ id, answer: value }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    )
    process.stdout.write(`${JSON.stringify(reply)}\n`)
  }
}
