// The player's own controls: its buttons, its keys, and the bar with the chapters.
import { find, all, player, address, onRender, actions, toast } from './page.js';
import { current, follow, placeKnob, wholeS, shared } from './player.js';

const bar = () => find('.lr-seek');
const key = (name) => find(`[data-control=${name}]`);
const STEP_S = 5;
const LEAP_S = 10;
const IDLE_MS = 3000;

// A person's choices apply to every video

const STORED = 'longreel-player';

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) || {};
  } catch {
    return {}; // a browser may forbid storage; then the choice lasts as long as the page
  }
}

function store(changes) {
  try {
    localStorage.setItem(STORED, JSON.stringify({ ...stored(), ...changes }));
  } catch {}
}

function dress(video) {
  const { volume = 1, muted = false, rate, captions = false } = stored();
  Object.assign(video, { volume, muted });
  if (rate) video.playbackRate = video.defaultPlaybackRate = rate;
  for (const track of video.textTracks) track.mode = captions ? 'showing' : 'disabled';
}

// Going to a time

function seek(time) {
  const video = player();
  video.currentTime = Math.min(Math.max(0, time), wholeS());
  follow(video);
  if (video.paused) address({ t: String(Math.round(video.currentTime * 100) / 100) });
}

const by = (seconds) => seek(player().currentTime + seconds);

// To the middle of a frame: a border would show the one before when times are rounded
function byFrame(direction) {
  const video = player();
  const fps = Number(video.dataset.fps) || 25;
  video.pause();
  seek((Math.floor(video.currentTime * fps + 0.001) + direction + 0.5) / fps);
}

function byChapter(direction) {
  const starts = all('.lr-division').map((part) => Number(part.dataset.t));
  const now = player().currentTime;
  const next = direction > 0 ? starts.find((start) => start > now + 0.1) : starts.findLast((start) => start < now - 1);
  seek(next ?? (direction > 0 ? wholeS() : 0));
}

// Buttons

function play() {
  const video = player();
  if (video.paused) video.play().catch(() => {}); // a message below the player says if a file cannot be played
  else video.pause();
}

function mute() {
  const video = player();
  const loud = !video.muted && video.volume > 0;
  video.muted = loud;
  if (!loud && !video.volume) video.volume = 0.5;
  store({ muted: video.muted, volume: video.volume });
}

const captioned = () => [...player().textTracks].some((track) => track.mode === 'showing');

function captions() {
  const on = !captioned();
  for (const track of player().textTracks) track.mode = on ? 'showing' : 'disabled';
  store({ captions: on });
  show();
}

async function picture() {
  if (document.pictureInPictureElement) await document.exitPictureInPicture();
  else await player().requestPictureInPicture().catch((error) => toast(error.message));
}

async function full() {
  const stage = find('#lr-stage');
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (stage.requestFullscreen) await stage.requestFullscreen().catch((error) => toast(error.message));
  else player().webkitEnterFullscreen?.(); // an iPhone shows pictures only
}

const commands = {
  play, mute, captions, picture, full, back: () => by(-LEAP_S), forward: () => by(LEAP_S),
};
actions.control = (button) => commands[button.dataset.control]();

document.addEventListener('input', (event) => {
  const video = player();
  if (event.target.matches('.lr-volume')) {
    video.volume = Number(event.target.value);
    video.muted = false;
    store({ volume: video.volume, muted: false });
  } else if (event.target.matches('.lr-speed')) {
    video.playbackRate = video.defaultPlaybackRate = Number(event.target.value);
    store({ rate: video.playbackRate });
  }
});

// The state of the player, on its buttons

function set(name, on, label) {
  const button = key(name);
  if (!button) return;
  button.toggleAttribute('data-on', on);
  if (!label || button.getAttribute('aria-label') === label) return;
  const hint = button.getAttribute('aria-keyshortcuts');
  button.setAttribute('aria-label', label);
  button.title = hint ? `${label} (${hint.toUpperCase()})` : label;
}

function show() {
  const video = player();
  if (!video) return;
  const silent = video.muted || !video.volume;
  set('play', !video.paused, video.paused ? 'Play' : 'Pause');
  set('mute', silent, silent ? 'Sound on' : 'Mute');
  set('captions', captioned());
  set('picture', document.pictureInPictureElement === video);
  set('full', Boolean(document.fullscreenElement), document.fullscreenElement ? 'Leave full screen' : 'Full screen');
  for (const name of ['captions', 'picture']) key(name)?.setAttribute('aria-pressed', key(name).hasAttribute('data-on'));
  if (key('picture')) key('picture').hidden = !document.pictureInPictureEnabled;
  const [volume, speed] = [find('.lr-volume'), find('.lr-speed')];
  if (volume) volume.value = video.muted ? 0 : video.volume;
  speed.value = String(video.playbackRate);
  const waits = !video.paused && video.readyState < 3;
  find('.lr-film').dataset.state = waits ? 'waiting' : video.paused ? 'paused' : 'playing';
  loaded(video);
}

function loaded(video) {
  const whole = wholeS();
  const line = find('.lr-loaded');
  if (!line || !whole) return;
  const percent = (seconds) => `${Math.min(100, (100 * seconds) / whole)}%`;
  const ranges = [...Array(video.buffered.length).keys()].map((n) => [video.buffered.start(n), video.buffered.end(n)]);
  const stops = ranges.flatMap(([start, end]) =>
    [`transparent ${percent(start)}`, `currentcolor ${percent(start)} ${percent(end)}`, `transparent ${percent(end)}`]);
  line.style.backgroundImage = stops.length ? `linear-gradient(to right, ${stops})` : '';
}

// Between two reports of its time, a playing video moves on

function glide() {
  const video = player();
  if (!video || video.paused || video.ended) return;
  if (shared.dragged === undefined) placeKnob(video.currentTime);
  requestAnimationFrame(glide);
}

const still = matchMedia('(prefers-reduced-motion: reduce)');
for (const name of ['play', 'pause', 'ended', 'volumechange', 'ratechange', 'loadedmetadata', 'progress', 'waiting',
  'playing', 'canplay', 'seeked', 'enterpictureinpicture', 'leavepictureinpicture']) {
  document.addEventListener(name, (event) => {
    if (event.target !== player()) return;
    show();
    if (name === 'play' && !still.matches) glide();
  }, true);
}

onRender(() => {
  const video = player();
  if (!video || !find('.lr-controls')) return;
  if (!video.dataset.dressed) {
    video.dataset.dressed = 'true';
    dress(video);
    show();
  }
  if (bar() && !bar().hasAttribute('aria-valuetext')) {
    follow(video);
    loaded(video);
  }
});

// The time of the bar in words, for screen readers

function words(seconds) {
  const whole = Math.floor(seconds);
  const parts = [[Math.floor(whole / 3600), 'hour'], [Math.floor(whole / 60) % 60, 'minute'], [whole % 60, 'second']];
  const named = parts.filter(([count]) => count).map(([count, name]) => `${count} ${name}${count === 1 ? '' : 's'}`);
  return named.join(' ') || '0 seconds';
}

document.addEventListener('longreel:time', ({ detail: { time } }) => {
  const slider = bar();
  if (!slider) return;
  const chapter = current(all('.lr-division'), time)?.dataset.name || '';
  const text = `${words(time)} of ${words(wholeS())}${chapter && `, chapter ${chapter}`}`;
  if (slider.getAttribute('aria-valuetext') !== text) {
    slider.setAttribute('aria-valuenow', Math.floor(time));
    slider.setAttribute('aria-valuetext', text);
  }
  const shown = find('.lr-in');
  if (shown.textContent !== chapter) shown.textContent = chapter;
});

// Dragging on the bar: the picture follows as fast as it can, the knob at once

function drag(event) {
  const box = bar().getBoundingClientRect();
  shared.dragged = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * wholeS();
  follow(player(), shared.dragged);
  if (!player().seeking) player().currentTime = shared.dragged;
}

document.addEventListener('pointerdown', (event) => {
  const slider = event.target.closest('.lr-seek');
  if (!slider || event.button) return;
  slider.setPointerCapture(event.pointerId);
  drag(event);
});
document.addEventListener('pointermove', (event) => shared.dragged !== undefined && drag(event));
for (const name of ['pointerup', 'pointercancel']) {
  document.addEventListener(name, () => {
    if (shared.dragged === undefined) return;
    const time = shared.dragged;
    shared.dragged = undefined;
    seek(time);
  });
}

// Keys. Letters and signs work while part of the player has the focus; a click on the picture gives it the focus

const ANYWHERE = { ' ': play, ArrowLeft: () => by(-STEP_S), ArrowRight: () => by(STEP_S) };
const ON_PLAYER = {
  ...ANYWHERE,
  k: play,
  j: commands.back,
  l: commands.forward,
  m: mute,
  c: () => key('captions') && captions(),
  f: () => key('full') && full(),
  ',': () => byFrame(-1),
  '.': () => byFrame(1),
  Home: () => seek(0),
  End: () => seek(wholeS()),
};
const ON_BAR = {
  ...ON_PLAYER,
  ArrowUp: ANYWHERE.ArrowRight,
  ArrowDown: ANYWHERE.ArrowLeft,
  PageUp: () => byChapter(1),
  PageDown: () => byChapter(-1),
};

function keysAt(place) {
  if (place === document.body) return document.documentElement.dataset.view === 'ask' ? ANYWHERE : {};
  if (!place.closest('#lr-stage') || place.matches('select')) return {};
  return place === bar() ? ON_BAR : ON_PLAYER;
}

document.addEventListener('keydown', (event) => {
  if (!player() || !find('.lr-controls') || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const place = event.target;
  const ownKeys = place.matches('.lr-volume') ? /^(Arrow|Home|End)/ : place.matches('a, button') ? /^ $/ : /^$/;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const work = ownKeys.test(name) ? undefined : keysAt(place)[name];
  if (!work) return;
  event.preventDefault();
  work();
  awake();
});

// The picture: a click plays, a double click fills the screen; there, unused controls disappear

document.addEventListener('click', (event) => event.target === player() && play());
document.addEventListener('dblclick', (event) => event.target === player() && key('full') && full());

let sleeping = 0;
function awake() {
  window.clearTimeout(sleeping);
  const stage = find('#lr-stage');
  stage?.removeAttribute('data-idle');
  if (!document.fullscreenElement) return;
  sleeping = window.setTimeout(() => stage.toggleAttribute('data-idle', !player()?.paused), IDLE_MS);
}
document.addEventListener('pointermove', awake);
document.addEventListener('fullscreenchange', () => {
  show();
  awake();
});
