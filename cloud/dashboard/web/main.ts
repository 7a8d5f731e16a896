/** Puts the page together: the feed in, the parts drawn at their rates, the keys and the address. */
import './parts/calls.js';
import './parts/car.js';
import './parts/help.js';
import './parts/log.js';
import './parts/strategy.js';
import './parts/top-bar.js';
import './parts/tower.js';
import { startPage } from './page.js';

startPage();
