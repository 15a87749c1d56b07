import "./private.js";
