/** A sandbox in a process of its own, as Odoo is: it goes on when the loader dies. Ends with its parent. */
import { startSandbox } from '../../src/sandbox/server.ts';

const { url, database, login, apiKey } = await startSandbox();
process.on('disconnect', () => process.exit(0));
process.send?.({ url, database, login, apiKey });
