import type { Clock } from '#wire/clock.js';
import { RecordStore } from '../record-store.js';
import type { Account } from './arns.js';
import type { RegistryLimits } from './limits.js';
import type {
  AccountRecord,
  CaCertificateRecord,
  CertificateRecord,
  DestinationRecord,
  PolicyRecord,
  TemplateRecord,
  ThingGroupRecord,
  ThingRecord,
  ThingTypeRecord,
  TopicRuleRecord,
} from './records.js';
import { Index, link, type Staging, Table } from './table.js';

export interface RegistryContext {
  account: Account;
  limits: RegistryLimits;
  /** Dates of records, validity of certificates. */
  wallClock: Clock;
}

type ChangeListener = (certificateIds: readonly string[]) => void;
type CommitListener = (keys: readonly string[]) => void;

/**
 * Everything that is registered: tables in memory, their relations, the store behind them. An operation checks first,
 * changes tables without waiting in between, and ends with one `commit`.
 */
export class RegistryState implements Staging {
  readonly context: RegistryContext;
  readonly thingsOfType = new Index();
  readonly thingsOfGroup = new Index();
  readonly childrenOfGroup = new Index();
  readonly groupsOfPolicy = new Index();
  readonly certificatesOfPolicy = new Index();
  readonly certificatesOfThing = new Index();
  readonly certificatesOfCa = new Index();

  readonly types = new Table<ThingTypeRecord>('type', this);
  readonly things = new Table<ThingRecord>('thing', this, [
    link(this.thingsOfType, ({ typeName }) => optional(typeName)),
    link(this.thingsOfGroup, ({ groups }) => groups),
  ]);
  readonly groups = new Table<ThingGroupRecord>('group', this, [
    link(this.childrenOfGroup, ({ parent }) => optional(parent)),
    link(this.groupsOfPolicy, ({ policies }) => policies),
  ]);
  readonly certificates = new Table<CertificateRecord>('cert', this, [
    link(this.certificatesOfThing, ({ things }) => things.map(({ thingName }) => thingName)),
    link(this.certificatesOfPolicy, ({ policies }) => policies),
    link(this.certificatesOfCa, ({ caId }) => optional(caId)),
  ]);
  readonly authorities = new Table<CaCertificateRecord>('ca', this);
  readonly policies = new Table<PolicyRecord>('policy', this);
  readonly templates = new Table<TemplateRecord>('template', this);
  readonly rules = new Table<TopicRuleRecord>('rule', this);
  readonly destinations = new Table<DestinationRecord>('destination', this);
  readonly account = new Table<AccountRecord>('account', this);

  readonly #tables = new Map(
    [
      this.types,
      this.things,
      this.groups,
      this.certificates,
      this.authorities,
      this.policies,
      this.templates,
      this.rules,
      this.destinations,
      this.account,
    ].map((table) => [table.kind, table]),
  );
  readonly #store: RecordStore<unknown>;
  readonly #listeners = new Set<ChangeListener>();
  readonly #commitListeners = new Set<CommitListener>();
  #staged = new Map<string, unknown>();

  private constructor(store: RecordStore<unknown>, context: RegistryContext) {
    this.#store = store;
    this.context = context;
  }

  static async open(path: string, context: RegistryContext): Promise<RegistryState> {
    const store = await RecordStore.open<unknown>(path);
    const state = new RegistryState(store, context);
    for await (const [key, record] of store.entries()) state.#restore(key, record);
    return state;
  }

  get nowMs(): number {
    return this.context.wallClock.nowMs();
  }

  stage(key: string, record: unknown): void {
    this.#staged.set(key, record);
  }

  /** Resolves when what was changed will outlive the process; then tells who listens about principals that changed. */
  async commit(changedPrincipals: Iterable<string> = []): Promise<void> {
    const staged = this.#staged;
    this.#staged = new Map();
    const certificateIds = [...new Set(changedPrincipals)];
    if (staged.size > 0) {
      await this.#store.write(staged);
      const keys = [...staged.keys()];
      for (const listener of this.#commitListeners) listener(keys);
    }
    if (certificateIds.length > 0) for (const listener of this.#listeners) listener(certificateIds);
  }

  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the keys of the records that changed, whatever they are. */
  onCommit(listener: CommitListener): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  /** The group and all above it, itself first. */
  lineage(group: string): string[] {
    const names: string[] = [];
    for (let at: string | undefined = group; at !== undefined; at = this.groups.get(at)?.parent) names.push(at);
    return names;
  }

  /** The group and all below it, itself first. */
  descendants(group: string): string[] {
    return [group, ...this.childrenOfGroup.of(group).flatMap((child) => this.descendants(child))];
  }

  /** Principals whose rights or variables depend on a thing, a group, a policy. */
  principalsOfThing(thing: string): readonly string[] {
    return this.certificatesOfThing.of(thing);
  }

  principalsOfGroup(group: string): string[] {
    const things = this.descendants(group).flatMap((each) => this.thingsOfGroup.of(each));
    return things.flatMap((thing) => this.principalsOfThing(thing));
  }

  principalsOfPolicy(policy: string): string[] {
    const ofGroups = this.groupsOfPolicy.of(policy).flatMap((group) => this.principalsOfGroup(group));
    return [...this.certificatesOfPolicy.of(policy), ...ofGroups];
  }

  #restore(key: string, record: unknown): void {
    const slash = key.indexOf('/');
    this.#tables.get(key.slice(0, slash))?.restoreKept(key.slice(slash + 1), record);
  }
}

const NONE: readonly string[] = [];
const optional = (name: string | undefined): readonly string[] => (name === undefined ? NONE : [name]);
