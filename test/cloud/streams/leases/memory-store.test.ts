import { MemoryLeaseStore } from './memory-store.js';
import { leaseStoreContract } from './store-contract.js';

leaseStoreContract('memory', async () => new MemoryLeaseStore());
