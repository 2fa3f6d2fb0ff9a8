// Uploads: files go to the server in pieces (the tus protocol), so that a broken connection or a reload loses nothing.
import { find, all, onRender, notice, sentence, call, element, duration, toast } from './page.js';
import { look } from './queue.js';

const PIECE = 16 * 2 ** 20;
const PAUSES_S = [1, 2, 5, 10, 30];
const PASSING = [409, 423, 429, 502, 503, 504];
const VERSION = { 'Tus-Resumable': '1.0.0' };
const WATCH_EVERY_S = 300;
const STORED = 'longreel-upload ';

class Broken extends Error {}
class Stopped extends Error {}

const size = (bytes) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);
const stem = (name) => name.replace(/(\.whisperx)?\.[^.]*$/, '');
const isSubtitles = (file) => /\.(srt|vtt|sbv|ttml|dfxp|ass|ssa|sub|smi|sami|mks|json)$/i.test(file.name);
const keyOf = (file) => `${STORED}${file.name} ${file.size} ${file.lastModified}`;
let sending = 0;

window.addEventListener('beforeunload', (event) => {
  if (sending) event.preventDefault();
});

// A line for each file

class Shown {
  constructor(file) {
    this.stop = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Cancel ${file.name}` }, 'Cancel');
    this.state = element('span', { class: 'lr-stage' }, `Waiting · ${size(file.size)}`);
    this.bar = element('progress', { max: '1', value: '0', 'aria-label': `Upload of ${file.name}` });
    this.item = element('li', { class: 'lr-job' }, element('b', {}, file.name), this.state, this.stop, this.bar);
    this.file = file;
    this.isStopped = false;
    this.request = null;
    this.stop.onclick = () => {
      this.isStopped = true;
      this.state.textContent = 'Stopping';
      this.wake?.();
      this.request?.abort();
      if (!this.isSending) this.item.remove();
    };
    find('#lr-uploads').append(this.item);
  }

  sent(bytes) {
    const now = performance.now();
    this.began ??= { at: now, bytes };
    const seconds = (now - this.began.at) / 1000;
    const speed = (bytes - this.began.bytes) / seconds;
    const left = seconds > 2 && speed > 0 ? ` · about ${duration((this.file.size - bytes) / speed)} left` : '';
    const share = this.file.size ? bytes / this.file.size : 1;
    this.bar.value = share;
    this.state.textContent = `Uploading ${Math.floor(share * 100)} % of ${size(this.file.size)}${left}`;
  }

  failed(text) {
    this.state.textContent = text;
    this.state.classList.add('lr-problem');
    this.stop.textContent = 'Dismiss';
    this.stop.setAttribute('aria-label', `Dismiss ${this.file.name}`);
    this.stop.onclick = () => this.item.remove();
  }

  async pause(seconds) {
    this.began = null;
    this.state.textContent = `The connection is broken. Next try in ${seconds} s.`;
    await new Promise((done) => {
      this.wake = done;
      window.setTimeout(done, seconds * 1000);
    });
    if (this.isStopped) throw new Stopped();
  }
}

function exchange(shown, method, address, headers = {}, body = null, progress = null) {
  if (shown.isStopped) return Promise.reject(new Stopped());
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    shown.request = request;
    if (progress) request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => {
      if (request.status < 300) return done(request);
      const passing = PASSING.includes(request.status);
      const problem = method === 'HEAD' ? null : request.response;
      return fail(new (passing ? Broken : Error)(sentence(problem, request.status), { cause: request.status }));
    };
    request.onerror = () => fail(new Broken());
    request.onabort = () => fail(new Stopped());
    request.open(method, address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = 'json';
    request.send(body);
  });
}

// In pieces

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

async function begin(shown, metadata) {
  const pairs = Object.entries(metadata).filter(([, value]) => value).map(([name, value]) => `${name} ${base64(value)}`);
  const headers = { ...VERSION, 'Upload-Length': shown.file.size, 'Upload-Metadata': pairs.join(',') };
  const response = await exchange(shown, 'POST', 'v1/uploads', headers);
  return new URL(response.getResponseHeader('Location'), location.href).pathname;
}

async function offsetOf(shown, address) {
  try {
    const response = await exchange(shown, 'HEAD', address, VERSION);
    return Number(response.getResponseHeader('Upload-Offset'));
  } catch (error) {
    if ([404, 410].includes(error.cause)) return null;
    throw error;
  }
}

async function piece(shown, address, offset) {
  const body = shown.file.slice(offset, offset + PIECE);
  const headers = { ...VERSION, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream' };
  const response = await exchange(shown, 'PATCH', address, headers, body, (bytes) => shown.sent(offset + bytes));
  return Number(response.getResponseHeader('Upload-Offset'));
}

async function goOn(shown, metadata, key) {
  let address = localStorage.getItem(key);
  let offset = address ? await offsetOf(shown, address) : null;
  if (offset === null) {
    address = await begin(shown, metadata);
    localStorage.setItem(key, address);
    offset = await offsetOf(shown, address);
  }
  shown.sent(offset);
  while (offset < shown.file.size) {
    offset = await piece(shown, address, offset);
    shown.tries = 0;
  }
  localStorage.removeItem(key);
}

async function sendInPieces(shown, metadata) {
  const key = keyOf(shown.file);
  shown.tries = 0;
  for (;;) {
    try {
      return await goOn(shown, metadata, key);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      await shown.pause(PAUSES_S[Math.min(shown.tries++, PAUSES_S.length - 1)]);
    }
  }
}

// The server may be busy for a moment yet with the piece that was broken off
async function giveUp(key, tries = 5) {
  const address = localStorage.getItem(key);
  if (!address) return 'Cancelled. Nothing was stored.';
  const { status } = await fetch(address, { method: 'DELETE', headers: VERSION }).catch(() => ({}));
  if (![204, 404, 409].includes(status)) {
    if (!tries) return 'Cancelled. The server removes what has arrived within a day.';
    await new Promise((done) => window.setTimeout(done, 1000));
    return giveUp(key, tries - 1);
  }
  localStorage.removeItem(key);
  return status === 409 ? 'It was complete already. Cancel its job, or delete its video.' : 'Cancelled. Nothing was stored.';
}

// In one form: only a file with subtitles

async function sendForm(shown, metadata, subtitles) {
  const form = new FormData();
  form.append('title', metadata.title || '');
  form.append('language', metadata.language || '');
  form.append('subtitles', subtitles);
  form.append('file', shown.file);
  await exchange(shown, 'POST', 'v1/videos', {}, form, (bytes) => shown.sent(Math.min(bytes, shown.file.size)));
}

async function send({ shown, metadata, subtitles }) {
  shown.isSending = true;
  try {
    await (subtitles ? sendForm(shown, metadata, subtitles) : sendInPieces(shown, metadata));
    shown.item.remove();
    toast(`${shown.file.name} is uploaded and is being processed.`);
  } catch (error) {
    if (error instanceof Stopped) shown.failed(await giveUp(keyOf(shown.file)));
    else if (error instanceof Broken) shown.failed('The upload was cut off. Check that the server is running, then try again.');
    else shown.failed(error.message);
  }
}

// Whether the server took the address and the path of the form
async function register({ url, path, title, language }) {
  const details = { title: title.value || null, language: language.value || null };
  const place = path.value.trim();
  try {
    if (url.value.trim()) await call('POST', '/videos', { url: url.value.trim(), ...details });
    url.value = ''; // it is not sent again with a corrected path
    if (place.endsWith('/')) await call('POST', '/schedules', { folder: place, every_s: WATCH_EVERY_S });
    else if (place) await call('POST', '/videos', { path: place, ...details });
    notice('');
    return true;
  } catch (error) {
    notice(error.message);
    return false;
  } finally {
    look();
  }
}

async function upload(form) {
  const files = [...form.file.files];
  const subtitleFiles = files.filter(isSubtitles);
  const videos = files.filter((file) => !isSubtitles(file));
  let isDone = true;
  if (form.url.value.trim() || form.path.value.trim()) isDone = await register(form);
  else notice(videos.length ? '' : 'Choose at least one video or sound file first.');
  const waiting = videos.map((file) => {
    const metadata = { filename: file.name, title: videos.length === 1 ? form.title.value : '', language: form.language.value };
    const subtitles = subtitleFiles.find((one) => stem(one.name) === stem(file.name));
    return { shown: new Shown(file), metadata, subtitles };
  });
  if (isDone) form.reset();
  else form.file.value = '';
  showUnfinished();
  sending += waiting.length;
  for (const one of waiting) {
    if (!one.shown.isStopped) await send(one);
    sending -= 1;
    look();
  }
}

document.addEventListener('submit', (event) => {
  if (event.target.id !== 'lr-upload') return;
  event.preventDefault();
  upload(event.target);
});
for (const name of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(name, (event) => {
    const place = event.target.closest?.('.lr-drop');
    place?.classList.toggle('lr-over', name === 'dragover');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault(); // elsewhere a dropped file would replace the page
    if (name !== 'drop' || !place) return;
    find('#lr-file').files = event.dataTransfer.files;
    upload(place.closest('form'));
  });
}

// Unfinished uploads of an earlier visit

function showUnfinished() {
  for (const line of all('.lr-unfinished')) line.remove();
  const active = new Set(all('#lr-uploads .lr-job b').map((name) => name.textContent));
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(STORED))) {
    const name = key.slice(STORED.length).replace(/ \d+ \d+$/, '');
    if (active.has(name)) continue;
    const stop = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Give up ${name}` }, 'Give up');
    const text = 'Part of it is on the server. Choose the file again to resume.';
    const item = element('li', { class: 'lr-job lr-unfinished' }, element('b', {}, name), element('span', { class: 'lr-stage' }, text), stop);
    stop.onclick = () => {
      giveUp(key);
      item.remove();
    };
    find('#lr-uploads').append(item);
  }
}

let isShown = false;
onRender(() => {
  if (isShown || !find('#lr-uploads')) return;
  isShown = true;
  showUnfinished();
});
