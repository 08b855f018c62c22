/** Python's binding of named arguments, with its words for what does not fit. */
import { typeError, unprocessable } from './errors.ts';
import type { Method } from './model.ts';
import type { Json, JsonObject } from './values.ts';

function nameOf(parameter: string): string {
  return parameter.endsWith('?') ? parameter.slice(0, -1) : parameter;
}

/** Named arguments only, as JSON-2 takes them. */
export function bindNamed(method: Method, given: JsonObject): JsonObject {
  const missing = method.parameters.find((parameter) => !parameter.endsWith('?') && !(parameter in given));
  if (missing !== undefined) throw unprocessable(`missing a required argument: '${missing}'`);
  const names = method.parameters.map(nameOf);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw unprocessable(`got an unexpected keyword argument '${unknown}'`);
  return given;
}

/** Positional and named arguments, as `execute_kw` takes them. */
export function bindPositional(
  model: string,
  name: string,
  method: Method,
  { positional, named }: { positional: readonly Json[]; named: JsonObject },
): JsonObject {
  const className = model.replaceAll(/(?:^|[._])([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  const names = method.parameters.map(nameOf);
  if (positional.length > names.length) {
    throw typeError(`${className}.${name}() takes ${names.length + 1} positional arguments but ${positional.length + 1} were given`);
  }
  const bound: { [name: string]: Json } = { ...named };
  for (const [index, value] of positional.entries()) {
    const parameter = names[index] ?? '';
    if (parameter in named) throw typeError(`${className}.${name}() got multiple values for argument '${parameter}'`);
    bound[parameter] = value;
  }
  const unknown = Object.keys(bound).find((parameter) => !names.includes(parameter));
  if (unknown !== undefined) throw typeError(`${className}.${name}() got an unexpected keyword argument '${unknown}'`);
  const missing = method.parameters.filter((parameter) => !parameter.endsWith('?') && !(parameter in bound));
  if (missing.length > 0) {
    const list = missing.map((parameter) => `'${parameter}'`).join(' and ');
    throw typeError(`${className}.${name}() missing ${missing.length} required positional argument${missing.length > 1 ? 's' : ''}: ${list}`);
  }
  return bound;
}
