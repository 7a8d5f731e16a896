import { describeFuzz } from './fuzz.js';

describeFuzz(20_261_121, 1_500);
