import { counted, type Style } from '../style.ts';

export function renderInit(created: { readonly directory: string; readonly files: readonly string[] }, style: Style): string {
  const files = created.files.filter((path) => !path.startsWith('.cutover-schemas/'));
  const schemas = created.files.length - files.length;
  const note = schemas === 0 ? '' : `\n${style.paint.dim(`  and ${counted(schemas, 'JSON Schema')} for your editor`)}`;
  return `${style.paint.bold('Made a workspace')} in ${created.directory}\n${files.map((path) => `  ${path}`).join('\n')}${note}`;
}
