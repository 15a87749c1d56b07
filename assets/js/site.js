// Improvements only: every page works without this file.
import "./clearing.js";
import "./dialogs.js";
import "./flashes.js";
import "./leaving.js";
import "./picker.js";
import "./printing.js";
