import "./private.js";
import "./tabs.js";
import "./acts.js";
import "./searching.js";
import "./calendar.js";
