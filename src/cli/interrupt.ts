/** Ctrl-C: the first asks the work to finish what is under way, the second ends the process at once. */
import { ExitCode } from '../domain/errors.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** As if Ctrl-C had been pressed. */
  press(): void;
  stop(): void;
}

export function listenForInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    onFirst();
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    press: onSignal,
    stop() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
