/**
 * Runs `work` with a signal that Ctrl-C or SIGTERM aborts: a training run with `signal` and `checkpoint` then
 * finishes its step, saves, and rejects with the signal's reason. Prints `goOn`, the command that resumes it, and ends
 * the process with the code that shells give to an interrupt. A second Ctrl-C ends it at once.
 */
export async function interruptible<T>(
  goOn: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const stop = () => {
    process.stderr.write('\nfinishing the step and saving …\n')
    controller.abort()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, stop)
  try {
    return await work(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted || error !== controller.signal.reason) throw error
    console.log(`saved; go on with: ${goOn}`)
    return process.exit(130)
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}
