// What the browser does by itself: upload, follow jobs, play moments. Everything else is rendered by the server.
(() => {
  const find = (selector) => document.querySelector(selector);
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`longreel:${name}`, { detail }));

  // Errors

  function notice(text) {
    const line = find('#lr-notice');
    line.textContent = text;
    line.hidden = !text;
  }

  function sentence(problem, status) {
    return problem ? `${problem.detail} ${problem.hint}`.trim() : `The server answered with status ${status}.`;
  }

  async function call(method, path) {
    const response = await fetch(`/v1${path}`, { method });
    if (response.ok) return response.status === 204 ? null : response.json();
    throw new Error(sentence(await response.json().catch(() => null), response.status));
  }

  async function act(method, path) {
    try {
      await call(method, path);
      notice('');
      return true;
    } catch (error) {
      notice(error.message);
      return false;
    } finally {
      tell('changed');
      follow();
    }
  }

  // Player

  const player = () => find('#lr-player video');

  function remember(video, time) {
    const query = video ? `?video=${encodeURIComponent(video)}${time ? `&t=${time}` : ''}` : '';
    history.replaceState(null, '', location.pathname + query);
    for (const link of document.querySelectorAll('[data-open]')) {
      if (link.dataset.open === video) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

  function jump(video, time) {
    remember(video, time);
    const element = player();
    if (!element || element.dataset.video !== video) {
      tell('open', { video, t: time, play: true });
      return;
    }
    element.currentTime = time;
    element.play().catch(() => {}); // the browser may refuse to play by itself; the picture is there
    element.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }

  function markLine(element) {
    const lines = [...document.querySelectorAll('#lr-transcript .lr-line')];
    const now = lines.filter((line) => Number(line.dataset.t) <= element.currentTime + 0.05).pop();
    const before = find('#lr-transcript .lr-line[aria-current]');
    if (now === before) return;
    before?.removeAttribute('aria-current');
    now?.setAttribute('aria-current', 'true');
    const list = now?.closest('.lr-lines');
    if (list && !list.matches(':hover, :focus-within')) list.scrollTop = now.offsetTop - list.clientHeight / 2;
  }

  document.addEventListener('timeupdate', (event) => markLine(event.target), true);
  document.addEventListener('error', (event) => {
    if (event.target === player()) find('#lr-player .lr-noplay').hidden = false;
  }, true);

  // Upload

  const size = (bytes) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);

  function upload(form) {
    const request = new XMLHttpRequest();
    const bar = find('#lr-sent');
    const state = find('#lr-upload-state');
    const button = form.querySelector('button');
    const stay = (event) => event.preventDefault();
    const ended = (text, good) => {
      window.removeEventListener('beforeunload', stay);
      button.disabled = false;
      bar.hidden = true;
      state.textContent = text;
      state.classList.toggle('lr-problem', !good);
      if (good) form.reset();
      tell('changed');
      follow();
    };
    request.upload.onprogress = (event) => {
      bar.value = event.loaded / event.total;
      state.textContent = `Uploading ${Math.floor(bar.value * 100)} % of ${size(event.total)}`;
    };
    request.onload = () => {
      if (request.status === 202) ended('Uploaded. It is being read now.', true);
      else ended(sentence(request.response, request.status), false);
    };
    request.onerror = () => ended('The upload was cut off. See whether the server runs and has space, then try again.', false);
    request.open('POST', '/v1/videos');
    request.responseType = 'json';
    window.addEventListener('beforeunload', stay);
    button.disabled = true;
    bar.hidden = false;
    state.classList.remove('lr-problem');
    request.send(new FormData(form));
  }

  // Jobs

  let timer = 0;

  function follow() {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, 500);
  }

  function duration(seconds) {
    return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
  }

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
    item.querySelector('.lr-stage').textContent = stageText(job, stages);
  }

  async function look() {
    const shown = [...document.querySelectorAll('[data-job]')];
    let jobs;
    try {
      jobs = await call('GET', '/jobs?limit=50');
    } catch {
      timer = window.setTimeout(look, 5000);
      return;
    }
    const told = jobs.filter((job) => ['queued', 'running', 'failed'].includes(job.state));
    const key = (id, state) => `${id} ${state === 'failed'}`;
    const want = told.map((job) => key(job.id, job.state)).sort().join();
    const have = shown.map((item) => key(item.dataset.job, item.dataset.state)).sort().join();
    if (want !== have) tell('changed');
    const stages = JSON.parse(find('.lr-jobs')?.dataset.stages || '{}');
    told.forEach((job) => draw(job, stages));
    if (told.some((job) => job.state !== 'failed') || want !== have) timer = window.setTimeout(look, 1000);
  }

  // Clicks

  const actions = {
    jump: (data) => jump(data.jump, Number(data.t)),
    open: (data) => {
      remember(data.open, 0);
      tell('open', { video: data.open });
    },
    cancel: (data) => act('DELETE', `/jobs/${data.cancel}`),
    retry: (data) => act('POST', `/jobs/${data.retry}/retry`),
    delete: async (data) => {
      const question = `Delete ${data.title}? What was read in it is forgotten, and its upload is removed.`;
      if (!window.confirm(question) || !(await act('DELETE', `/videos/${data.delete}`))) return;
      if (player()?.dataset.video === data.delete) {
        remember('', 0);
        tell('open', {});
      }
    },
  };

  document.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const [name, action] of Object.entries(actions)) {
      const element = event.target.closest(`[data-${name}]`);
      if (!element || !element.matches('a, button')) continue;
      event.preventDefault();
      action(element.dataset);
      return;
    }
  });

  document.addEventListener('submit', (event) => {
    if (event.target.id !== 'lr-upload') return;
    event.preventDefault();
    upload(event.target);
  });

  window.addEventListener('load', () => window.setTimeout(follow, 1000));
})();
