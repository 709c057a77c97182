/** The WebSocket, reconnecting by itself: 0.3 s after the first loss, then up to 5 s apart. */

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

/** Call `onmessage` for every parsed message and `onstatus(true|false)` when the line goes up or down. */
export function connect(url, onmessage, onstatus) {
  let wait = FIRST_WAIT_MS;
  function open() {
    const socket = new WebSocket(url);
    socket.onopen = () => {
      wait = FIRST_WAIT_MS;
      onstatus(true);
    };
    socket.onmessage = (event) => onmessage(JSON.parse(event.data));
    socket.onclose = () => {
      onstatus(false);
      setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  }
  open();
}
