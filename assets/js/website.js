// Runs on the practice's own website, beside the frame with the booking pages: makes the frame as high as its page, and nothing
// else. Without this file the frame scrolls. It believes only messages that come from a frame of ours, from our own address.
{
  const home = new URL(document.currentScript.src).origin;
  const frames = [...document.querySelectorAll("iframe[data-lumbar]")].filter((frame) => frame.src.startsWith(`${home}/`));

  const ask = (frame) => frame.contentWindow.postMessage({ lumbar: "ask" }, home);

  addEventListener("message", (event) => {
    const frame = frames.find((one) => one.contentWindow === event.source);
    const height = Number(event.data?.height);
    if (!frame || event.origin !== home || event.data.lumbar !== "height" || !(height > 0)) return;
    frame.style.height = `${Math.min(Math.ceil(height), 20000)}px`;
  });

  for (const frame of frames) {
    frame.addEventListener("load", () => {
      ask(frame);
      // The page before may have been longer, and its end is where somebody pressed.
      if (frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    });
  }
  if (document.readyState === "complete") frames.forEach(ask);
}
