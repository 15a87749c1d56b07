import "./printing.js";
import "./private.js";
import "./tabs.js";
import "./acts.js";
