import "./private.js";
import "./tabs.js";
