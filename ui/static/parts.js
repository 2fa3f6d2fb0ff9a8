// Asking about a part of the picture: a rectangle on the paused player, drawn with a pointer or moved with the keys.
import { find, opened, player, goTo, onRender, actions, showTab, element, clock, toast } from './page.js';
import { fit, stretch } from './things.js';

const LEAST = 0.02; // share of the picture
const STEP = 0.02;
const USUAL = { left: 0.3, top: 0.3, right: 0.7, bottom: 0.7 };
let part = null; // what the next question is about
let sides = { ...USUAL };
let from = null; // where the pointer went down

const area = () => find('.lr-area');
const button = () => find('button[data-part]');

function show() {
  fit(area());
  stretch(area().firstElementChild, sides);
}

function begin() {
  const video = player();
  if (!video.videoWidth) return toast('The picture is not loaded yet. Play the video for a moment.');
  video.pause();
  sides = { ...USUAL };
  const rectangle = element('div', {
    class: 'lr-rectangle', role: 'application', tabindex: 0, 'aria-label': 'Part of the picture', 'aria-describedby': 'lr-part-hint',
  });
  find('.lr-film').append(element('div', { class: 'lr-area' }, rectangle, element('p', { id: 'lr-part-hint' },
    'Drag a rectangle. ', element('span', {}, 'Or: arrow keys move it, with Shift they resize it, Enter takes it, Escape cancels.'))));
  button().setAttribute('aria-pressed', true);
  show();
  rectangle.focus();
  return null;
}

function end() {
  area()?.remove();
  from = null;
  button()?.setAttribute('aria-pressed', false);
}

function take() {
  const { left, top, right, bottom } = sides;
  part = { video: opened(), box: { x: left, y: top, width: right - left, height: bottom - top, start_s: player().currentTime } };
  end();
  goTo('ask', false);
  showTab('asking');
  chip();
  find('#lr-ask').focus();
}

function chip() {
  const line = find('#lr-part');
  line.hidden = !part;
  if (!part) return;
  const { x, y, width, height, start_s: time } = part.box;
  line.querySelector('[data-seen]').textContent = `Part of the picture at ${clock(time)}`;
  const { videoWidth, videoHeight } = player();
  const canvas = line.querySelector('canvas');
  canvas.width = Math.max(1, Math.min(120, (40 * width * videoWidth) / (height * videoHeight)));
  canvas.height = 40;
  const source = [x * videoWidth, y * videoHeight, width * videoWidth, height * videoHeight];
  canvas.getContext('2d').drawImage(player(), ...source, 0, 0, canvas.width, canvas.height);
}

// What the next question is about; null without a part. It counts for one question.
export function takePart() {
  const taken = part;
  part = null;
  chip();
  return taken;
}

actions.part = () => (area() ? end() : begin());
actions.unpart = () => {
  takePart();
  find('#lr-ask').focus();
};
actions.seen = () => {
  if (part?.video === opened()) player().currentTime = part.box.start_s;
};

// The pointer

function at(event) {
  const box = area().getBoundingClientRect();
  const share = (value) => Math.min(1, Math.max(0, value));
  return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
}

document.addEventListener('pointerdown', (event) => {
  if (!event.target.closest('.lr-area') || event.button) return;
  area().setPointerCapture(event.pointerId);
  from = at(event);
});
document.addEventListener('pointermove', (event) => {
  if (!from) return;
  const [x, y] = at(event);
  sides = { left: Math.min(x, from[0]), right: Math.max(x, from[0]), top: Math.min(y, from[1]), bottom: Math.max(y, from[1]) };
  show();
});
document.addEventListener('pointerup', () => {
  if (!from) return;
  from = null;
  if (sides.right - sides.left >= LEAST && sides.bottom - sides.top >= LEAST) return take();
  sides = { ...USUAL }; // a click is no rectangle
  show();
  return null;
});
document.addEventListener('pointercancel', () => area() && end());

// The keys

const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

function move([x, y], resize) {
  const { left, top, right, bottom } = sides;
  if (resize) {
    sides.right = Math.min(1, Math.max(left + LEAST, right + x));
    sides.bottom = Math.min(1, Math.max(top + LEAST, bottom + y));
  } else {
    const [dx, dy] = [Math.min(1 - right, Math.max(-left, x)), Math.min(1 - bottom, Math.max(-top, y))];
    sides = { left: left + dx, right: right + dx, top: top + dy, bottom: bottom + dy };
  }
  show();
}

document.addEventListener('keydown', (event) => {
  if (!area()) return;
  const onIt = event.target.closest('.lr-area');
  if (event.key === 'Escape') {
    end();
    button().focus();
  } else if (onIt && event.key === 'Enter') take();
  else if (onIt && MOVES[event.key]) move(MOVES[event.key], event.shiftKey);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener('play', (event) => event.target === player() && end(), true);
window.addEventListener('resize', () => area() && show());
onRender(() => {
  if (part && opened() && part.video !== opened()) takePart();
});
