import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Runs a module of this folder in a process of its own, with `argument`, and resolves to its report:
 * threads are chosen once a process, and a peak of memory never falls again.
 */
export function inChild<T>(
  module: string,
  argument: object,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const path = fileURLToPath(new URL(module, import.meta.url))
  return new Promise((resolve, reject) => {
    const child = fork(path, [JSON.stringify(argument)], { env: { ...process.env, ...env } })
    let answer: { readonly value: T } | undefined
    child.on('message', (message) => {
      answer = message as { readonly value: T }
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0 && answer !== undefined) resolve(answer.value)
      else reject(new Error(`${module} ended with ${signal ?? code}`))
    })
  })
}

/** Does the work in the child and reports the result. */
export async function report<A extends object>(
  work: (argument: A) => Promise<object>,
): Promise<void> {
  const value = await work(JSON.parse(process.argv[2] ?? '{}'))
  process.send?.({ value })
}
