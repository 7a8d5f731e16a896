/**
 * Substitution templates: text with `${expression}`s over the message as published (iot-sql §6). SELECT's aliases are not
 * visible; SET's variables are. Undefined gives no text. `$$` at the start stands for one `$`, as reserved republish topics
 * are written.
 */
import { toText } from './sql/conversions.js';
import { SqlError } from './sql/errors.js';
import { compileExpression } from './sql/expressions.js';
import { checkTextLength } from './sql/json.js';
import type { LookupKind } from './sql/lookups.js';
import { parseExpression } from './sql/parser.js';
import type { CompileContext, Compiled, Scope } from './sql/scope.js';
import { LATEST_VERSION, type SqlVersion } from './sql/versions.js';

/** Renders in the scope of an evaluated statement; throws `Suspended` (see `sql/journal.ts`) where it looks something up. */
export type CompiledTemplate = (scope: Scope) => string;

export interface TemplateOptions {
  version?: SqlVersion;
  /** Filled with what the template looks up. */
  lookups?: Set<LookupKind>;
}

/**
 * Compiles a template once.
 *
 * @param variables names that the rule's SET clause gives
 * @example compileTemplate('${topic(3)}', [])(scope) // 'car-24'
 * @throws SqlError as `compileStatement`, with the position in the template
 */
export function compileTemplate(
  template: string,
  variables: readonly string[],
  { version = LATEST_VERSION, lookups = new Set() }: TemplateOptions = {},
): CompiledTemplate {
  const context: CompileContext = { text: template, variables, version, place: 'template', lookups, protoDecodes: 0 };
  const parts: (string | Compiled)[] = [];
  let at = 0;
  if (template.startsWith('$$')) {
    parts.push('$');
    at = 2;
  }
  for (;;) {
    const open = template.indexOf('${', at);
    if (open < 0) break;
    parts.push(template.slice(at, open));
    const close = closingBrace(template, open + 2);
    parts.push(compileExpression(parseExpression(template, open + 2, close, version), context));
    at = close + 1;
  }
  parts.push(template.slice(at));
  return render(parts.filter((part) => part !== ''));
}

function render(parts: (string | Compiled)[]): CompiledTemplate {
  if (parts.every((part) => typeof part === 'string')) {
    const text = parts.join('');
    return () => text;
  }
  return (scope) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : (toText(part(scope), scope.work) ?? '');
    checkTextLength(text.length);
    return text;
  };
}

/** Offset of the `}` that closes the expression at `from`: not one in a string or of an object literal. */
function closingBrace(template: string, from: number): number {
  let depth = 0;
  let quote = '';
  for (let at = from; at < template.length; at++) {
    const character = template[at];
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === "'" || character === '"') {
      quote = character;
    } else if (character === '{') {
      depth++;
    } else if (character === '}' && depth-- === 0) {
      return at;
    }
  }
  throw new SqlError('PW-RULE-SYNTAX', template, from - 2, "The expression that begins here has no '}'", 'Close it.');
}
