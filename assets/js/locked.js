// The page that unlocks: tells the other windows of this browser that it is locked, and goes on when one of them unlocked it.
if ("BroadcastChannel" in globalThis) {
  const windows = new BroadcastChannel("staff-lock");
  windows.addEventListener("message", ({ data }) => data === "open" && location.replace(location.href));
  windows.postMessage("locked");
}
