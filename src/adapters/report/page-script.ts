/** The script of the page as one text: its modules one after the other, those it builds on first. They are TypeScript where this runs from the
 *  sources, and JavaScript where it was built. */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

const own = import.meta.url;
const extension = own.endsWith('.ts') ? '.ts' : '.js';

export async function pageScript(): Promise<string> {
  const texts = new Map<string, string>();
  await addModule(new URL(`./page/page${extension}`, own), texts);
  const script = [...texts.values()].join('\n');
  // inside a script element this would end it
  if (/<\/script|<!--/i.test(script)) throw new Error('the script of the page holds what would end it');
  return script;
}

export async function pageStyle(): Promise<string> {
  return readFile(new URL('./page/page.css', own), 'utf8');
}

/** Modules share one scope here: names are told apart by the compiler of none, so a name that two of them declare is an error of the browser, which a test sees. */
async function addModule(file: URL, texts: Map<string, string>): Promise<void> {
  if (texts.has(file.href)) return;
  texts.set(file.href, '');
  const source = await readFile(file, 'utf8');
  const script = extension === '.ts' ? stripTypeScriptTypes(source) : source.replace(/^\/\/# sourceMappingURL=.*$/m, '');
  let body = script;
  for (const [statement, names = '', specifier = ''] of script.matchAll(/^import\s+([^;]*?)\s*from\s*'([^']+)';/gm)) {
    if (!specifier.startsWith('.') || /\sas\s/.test(names)) throw new Error(`${file.pathname}: the page cannot import ${names} from ${specifier}`);
    await addModule(new URL(specifier, file), texts);
    body = body.replace(statement, '');
  }
  // again at the end: what it builds on must stand before it
  texts.delete(file.href);
  texts.set(file.href, body.replace(/^export (?=(?:async )?(?:function|class|const)\b)/gm, '').trim());
}
