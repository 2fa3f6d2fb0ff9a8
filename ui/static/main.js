// The scripts of the page, in the order of what they do for the same click or key.
import './page.js';
import './player.js';
import './controls.js';
import './timeline.js';
import './uploads.js';
import './queue.js';
import './library.js';
import './entities.js';
import './asking.js';
import './summaries.js';
import './batches.js';
import './saving.js';
import './correcting.js';
import './connecting.js';
import './settings.js';
import './things.js';
import './parts.js';
