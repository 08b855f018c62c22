/** Whether a value is a valid one of its scheme, in TypeScript. Apart from the registry, because `stdnum` takes a quarter of a second to load. */
import { entityValidators, euVat, stdnum, type Validator } from 'stdnum';
import type { IdentifierScheme } from './scheme.ts';

/** Countries outside the EU whose VAT numbers carry the country code. */
const otherVat: Readonly<Record<string, readonly (Validator | undefined)[]>> = {
  CH: [stdnum.CH?.vat, stdnum.CH?.uid],
  GB: [stdnum.GB?.vat],
  XI: [stdnum.GB?.vat],
  NO: [stdnum.NO?.mva],
};

/** True, false, or null where the value cannot tell. Takes a canonical value. */
export function holds(scheme: IdentifierScheme, canonical: string): boolean | null {
  switch (scheme.check.by) {
    case 'sql':
      return scheme.check.holds(canonical);
    case 'nothing':
      return null;
    case 'distinct-values':
      return scheme.name === 'vat' ? holdsVat(canonical) : isAny(entityValidators[scheme.name.slice('tax-'.length).toUpperCase()] ?? [], canonical);
  }
}

function holdsVat(canonical: string): boolean | null {
  const prefix = canonical.slice(0, 2);
  const country = prefix === 'EL' ? 'GR' : prefix;
  const validators = otherVat[country] ?? euVat[country];
  if (validators === undefined) return null;
  // Northern Ireland has the numbers of the United Kingdom under its own letters.
  return isAny(validators, prefix === 'XI' ? `GB${canonical.slice(2)}` : canonical);
}

function isAny(validators: readonly (Validator | undefined)[], text: string): boolean {
  return validators.some((validator) => validator?.validate(text).isValid === true);
}
