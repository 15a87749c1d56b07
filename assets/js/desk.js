import "./private.js";
import "./tabs.js";
import "./acts.js";
import "./searching.js";
import "./autosave.js";
import "./note.js";
import "./phrases.js";
import "./calendar.js";
