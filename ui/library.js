// The library: uploads, the progress of reading, deleting with time to undo.
(() => {
  const { find, all, tell, opened, address, rendered, notice, sentence, call, actions, filter } = longreel;
  const GRACE_MS = 7000;
  const changed = () => tell('changed', { video: opened() });

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  async function act(method, path, body) {
    try {
      await call(method, path, body);
      notice('');
      return true;
    } catch (error) {
      notice(error.message);
      return false;
    } finally {
      changed();
      follow();
    }
  }

  // Upload

  const size = (bytes) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);
  const stem = (name) => name.replace(/\.[^.]*$/, '');
  const isSubtitles = (file) => /\.(srt|vtt)$/i.test(file.name);
  let sending = 0;

  window.addEventListener('beforeunload', (event) => {
    if (sending) event.preventDefault();
  });

  function row(file) {
    const state = element('span', { class: 'lr-stage' }, `Waiting · ${size(file.size)}`);
    const bar = element('progress', { max: '1', value: '0', 'aria-label': `Upload of ${file.name}` });
    const stop = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Cancel ${file.name}` }, 'Cancel');
    const item = element('li', { class: 'lr-job' }, element('b', {}, file.name), state, stop, bar);
    find('#lr-uploads').append(item);
    return { item, state, bar, stop };
  }

  function send(form, shown, file) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      const failed = (text) => {
        shown.state.textContent = text;
        shown.state.classList.add('lr-problem');
        shown.stop.textContent = 'Dismiss';
        shown.stop.setAttribute('aria-label', `Dismiss ${file.name}`);
        shown.stop.onclick = () => shown.item.remove();
        done();
      };
      request.upload.onprogress = (event) => {
        shown.bar.value = event.loaded / event.total;
        shown.state.textContent = `Uploading ${Math.floor(shown.bar.value * 100)} % of ${size(event.total)}`;
      };
      request.onload = () => {
        if (request.status !== 202) return failed(sentence(request.response, request.status));
        shown.item.remove();
        longreel.toast(`${file.name} is uploaded. It is being read now.`);
        done();
      };
      request.onerror = () => failed('The upload was cut off. See whether the server runs and has space, then try again.');
      request.onabort = () => failed('Cancelled. Nothing of it was kept.');
      shown.stop.onclick = () => request.abort();
      request.open('POST', '/v1/videos');
      request.responseType = 'json';
      request.send(form);
    });
  }

  async function upload(form) {
    const files = [...form.file.files];
    const given = files.filter(isSubtitles);
    const videos = files.filter((file) => !isSubtitles(file));
    if (form.path.value.trim()) {
      const body = { path: form.path.value.trim(), title: form.title.value || null, language: form.language.value || null };
      if (await act('POST', '/videos', body)) form.reset();
      if (!files.length) return;
    }
    notice(videos.length ? '' : 'Choose at least one video or sound file first.');
    const waiting = videos.map((file) => {
      const data = new FormData();
      data.append('title', videos.length === 1 ? form.title.value : '');
      data.append('language', form.language.value);
      const subtitles = given.find((one) => stem(one.name) === stem(file.name));
      if (subtitles) data.append('subtitles', subtitles);
      data.append('file', file);
      const shown = row(file);
      const job = { file, data, shown, dropped: false };
      shown.stop.onclick = () => {
        job.dropped = true;
        shown.item.remove();
      };
      return job;
    });
    form.reset();
    sending += waiting.length;
    for (const job of waiting) {
      if (!job.dropped) await send(job.data, job.shown, job.file);
      sending -= 1;
      changed();
      follow();
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

  // Jobs

  let timer = 0;
  let known = '';

  function follow() {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, 300);
  }

  const duration = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`);

  function stageText(job, stages) {
    const event = job.progress;
    if (job.cancel_requested) return 'Stopping';
    if (job.state === 'queued') return job.error ? `${job.error.message} Trying again soon.` : 'Waiting for its turn';
    if (!event || !event.stage) return 'Starting';
    const parts = [stages[event.stage] || event.stage];
    if (job.done_share !== null) parts.push(`${Math.floor(job.done_share * 100)} %`);
    if (event.speed) parts.push(`${event.speed.toFixed(1)}× real time`);
    if (event.left_s) parts.push(`about ${duration(event.left_s)} left`);
    return parts.join(' · ');
  }

  function draw(job, stages) {
    const item = find(`[data-job="${job.id}"]`);
    if (!item || item.dataset.state === 'failed') return;
    const bar = item.querySelector('progress');
    if (job.done_share === null) bar.removeAttribute('value');
    else bar.value = job.done_share;
    const text = stageText(job, stages);
    const line = item.querySelector('.lr-stage');
    if (line.textContent !== text) line.textContent = text;
  }

  async function look() {
    let jobs = null;
    try {
      jobs = await call('GET', '/jobs?limit=50');
    } catch {
      timer = window.setTimeout(look, 5000);
      return;
    }
    const now = jobs.map((job) => `${job.id} ${job.state}`).join();
    if (now !== known) changed();
    known = now;
    const stages = JSON.parse(find('.lr-queue')?.dataset.stages || '{}');
    const active = jobs.filter((job) => ['queued', 'running'].includes(job.state));
    active.forEach((job) => draw(job, stages));
    timer = window.setTimeout(look, active.length ? 1000 : 5000); // slowly too: another tab may add videos
  }

  window.setTimeout(look, 1500);

  // Deleting: the server is told when the time to undo is over; a page that is closed before deletes nothing

  const leaving = new Map();

  function hide() {
    for (const card of all('.lr-video')) {
      const gone = leaving.has(card.dataset.video);
      if (card.classList.contains('lr-leaving') !== gone) card.classList.toggle('lr-leaving', gone);
    }
  }

  async function remove(id) {
    leaving.get(id).line.remove();
    if (opened() === id) {
      address({ video: '', t: '', answer: '' });
      tell('open', {});
    }
    await act('DELETE', `/videos/${id}`);
    window.setTimeout(() => leaving.delete(id), 2000);
  }

  function undo(id) {
    const { line, timer: waiting } = leaving.get(id);
    window.clearTimeout(waiting);
    leaving.delete(id);
    line.remove();
    hide();
    find(`.lr-video[data-video="${id}"] a`)?.focus();
  }

  actions.delete = ({ dataset: { delete: id, title } }) => {
    if (leaving.has(id)) return;
    const button = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Undo: keep ${title}` }, 'Undo');
    const text = `${title} will be deleted in ${GRACE_MS / 1000} seconds, with all that was read in it. `;
    const line = element('div', { class: 'lr-toast', role: 'status' }, text, button, element('i'));
    button.onclick = () => undo(id);
    find('#lr-toasts').append(line);
    leaving.set(id, { line, timer: window.setTimeout(() => remove(id), GRACE_MS) });
    hide();
    button.focus();
  };
  actions.cancel = ({ dataset }) => act('DELETE', `/jobs/${dataset.cancel}`);
  actions.retry = ({ dataset }) => act('POST', `/jobs/${dataset.retry}/retry`);

  rendered(hide);
  rendered(() => find('#lr-find') && filter(find('#lr-find')));
})();
