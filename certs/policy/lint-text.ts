import type { Token } from './template.js';

const PARTS_BEFORE_NAME = 5;
const SHARED_FILTER = /:topicfilter\/(?:\$share\/[^/]+\/)?/;

/** What follows the account in a resource, wildcards as written and variables as `${…}`; empty when it has no such part. */
export function nameIn(tokens: readonly Token[]): string {
  const text = tokens.map(asText).join('');
  return text.split(':').slice(PARTS_BEFORE_NAME).join(':');
}

function asText(token: Token): string {
  if (token.kind === 'text') return token.text;
  return token.kind === 'any' ? '*' : token.kind === 'one' ? '?' : `\${…}`;
}

/** The topics whose messages a filter brings, as a resource of iot:Receive. */
export function topicsOf(filter: readonly Token[]): Token[] {
  return filter.flatMap((token): Token[] => {
    if (token.kind !== 'text') return [token];
    const pieces = token.text.replace(SHARED_FILTER, ':topic/').split(/([+#])/);
    return pieces
      .filter((piece) => piece !== '')
      .map((text) => (text === '+' || text === '#' ? { kind: 'any' } : { kind: 'text', text }));
  });
}
