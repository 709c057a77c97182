/** Voice: the microphone where there is one, otherwise an audio file. */

import { h, iconButton } from "./dom.js";
import { t } from "./text.js";
import { length } from "./when.js";

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

function chooseFile() {
  return new Promise((resolve) => {
    const input = h("input", {
      type: "file",
      accept: "audio/*",
      hidden: true,
      dataset: { testid: "voice-file" },
    });
    const done = (file) => {
      input.remove();
      resolve(file);
    };
    input.onchange = () => done(input.files[0] ?? null);
    input.oncancel = () => done(null);
    document.body.append(input);
    input.click();
  });
}

async function microphone() {
  if (!window.MediaRecorder || !navigator.mediaDevices) return null;
  return navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
}

/** Cover `bar` with a recording strip; resolves to a File, or null when it was thrown away. */
export async function record(bar, tell) {
  const stream = await microphone();
  if (stream) return capture(bar, stream);
  tell(t("noMic"));
  return chooseFile();
}

function capture(bar, stream) {
  return new Promise((resolve) => {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, { mimeType });
    const parts = [];
    let kept = false;
    const stop = (keep) => {
      kept = keep;
      recorder.stop();
    };
    const strip = recordingStrip(stop);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      strip.end();
      stream.getTracks().forEach((track) => track.stop());
      const extension = mimeType.slice(6).split(";")[0];
      resolve(kept ? new File(parts, `voice.${extension}`, { type: mimeType }) : null);
    };
    bar.append(strip.node);
    strip.node.querySelector(".send").focus();
    recorder.start();
  });
}

function recordingStrip(stop) {
  const began = Date.now();
  const time = h("span", { class: "recording-time" }, "0:00");
  const timer = setInterval(() => (time.textContent = length((Date.now() - began) / 1000)), 250);
  const node = h(
    "div",
    { class: "recording", role: "status" },
    iconButton("close", t("discard"), () => stop(false)),
    h("span", { class: "recording-dot" }),
    h("span", {}, t("recording")),
    time,
    iconButton("send", t("send"), () => stop(true), {
      class: "icon-button send",
      dataset: { testid: "voice-send" },
    }),
  );
  const end = () => {
    clearInterval(timer);
    node.remove();
  };
  return { node, end };
}
