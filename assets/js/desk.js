import "./private.js";
import "./tabs.js";
import "./acts.js";
