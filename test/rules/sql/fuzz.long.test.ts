/** A hundred times the runs, from seeds of their own. */
import { describeFuzz } from './fuzz.js';

describeFuzz(4, 75_000);
describeFuzz(20_151_008, 75_000);
