/** Who did something: the name a person signs with, and the account and machine it was typed at. The name is a claim that nothing here can prove; the
 *  account and the machine stand beside it so that it can be questioned. */
export interface Person {
  readonly name: string;
  /** Account of the operating system; null where it has no name, as in a container. */
  readonly account: string | null;
  readonly host: string;
}

/** Are these two names of one person? Neither case nor spaces tell people apart. */
export function isSamePerson(left: string, right: string): boolean {
  return plainName(left) === plainName(right);
}

function plainName(name: string): string {
  return name.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
