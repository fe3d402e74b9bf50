'use strict';
// One page of a batch. The data stand in the page, since nothing may be fetched
// from file://; cues are added to the player by hand for the same reason.
(() => {
  const byId = (id) => document.getElementById(id);
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const clock = (seconds) => {
    const s = Math.floor(seconds), two = (n) => String(n).padStart(2, '0');
    return (s >= 3600 ? Math.floor(s / 3600) + ':' : '')
      + (s >= 3600 ? two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ':'
      + two(s % 60);
  };

  // What speech and gesture models found in one recording is shown together.
  const recordings = new Map();
  for (const part of JSON.parse(byId('data').textContent)) {
    let recording = recordings.get(part.uri);
    if (!recording) {
      recording = { ...part, utterances: [], gestures: [], models: [] };
      recordings.set(part.uri, recording);
    }
    recording.models.push(part.model);
    recording.duration = Math.max(recording.duration, part.duration);
    if (part.kind === 'speech') {
      recording.utterances = part.rows;
      recording.captions = part.captions;
      recording.language = part.language;
    } else {
      recording.gestures = part.rows;
    }
    if (part.peaks) recording.peaks = part.peaks;
  }
  const list = [...recordings.values()]
    .sort((a, b) => a.name.localeCompare(b.name));

  let shown = null, player = null, spans = [];

  const seek = (time) => {
    if (!player) return;
    // Before the media know their length the position would be lost.
    if (player.readyState > 0) player.currentTime = time;
    else player.addEventListener('loadedmetadata',
      () => { player.currentTime = time; }, { once: true });
    player.dataset.wanted = time;
  };

  // --- timeline ------------------------------------------------------------

  const timeline = byId('timeline');
  const decodePeaks = (recording) => {
    if (recording.levels === undefined)
      recording.levels = Uint8Array.from(atob(recording.peaks || ''),
        (c) => c.charCodeAt(0));
    return recording.levels;
  };
  const colours = ['#0b63c5', '#c5410b', '#2a8a2a', '#8a2a8a', '#8a7a0a',
    '#0a8a8a', '#a02050', '#505050'];
  const colourOf = (label) => {
    let sum = 0;
    for (const c of label) sum = (sum * 31 + c.codePointAt(0)) >>> 0;
    return colours[sum % colours.length];
  };
  const lengthOf = () => Math.max(shown.duration,
    player && Number.isFinite(player.duration) ? player.duration : 0, 0.001);

  const drawWave = (context, width, toX) => {
    const levels = decodePeaks(shown), rate = shown.peaksPerSecond;
    context.fillStyle = '#8aa';
    for (let x = 0; x < width; x++) {
      const from = Math.floor(x / width * lengthOf() * rate);
      const to = Math.max(from + 1,
        Math.floor((x + 1) / width * lengthOf() * rate));
      let peak = 0;
      for (let i = from; i < to && i < levels.length; i++)
        peak = Math.max(peak, levels[i]);
      context.fillRect(x, 35 - peak / 255 * 33, 1, peak / 255 * 66);
    }
  };
  const drawSpans = (context, toX) => {
    for (const utterance of shown.utterances)
      for (const word of utterance.words) {
        // Confidence: the higher and greener, the surer.
        context.fillStyle = `hsl(${120 * word.confidence} 70% 45%)`;
        const height = 2 + 18 * word.confidence;
        context.fillRect(toX(word.start), 94 - height,
          Math.max(toX(word.end) - toX(word.start) - 0.5, 1), height);
      }
    for (const gesture of shown.gestures) {
      context.fillStyle = colourOf(gesture.label);
      const left = toX(gesture.start);
      const width = Math.max(toX(gesture.end) - left, 2);
      context.fillRect(left, 98, width, 18);
      if (width > 30) {
        context.fillStyle = '#fff';
        context.fillText(gesture.label, left + 3, 111, width - 4);
      }
    }
  };
  const draw = () => {
    if (!shown) return;
    const width = timeline.clientWidth, context = timeline.getContext('2d');
    const toX = (time) => time / lengthOf() * width;
    timeline.width = width;
    context.font = '12px system-ui, sans-serif';
    drawWave(context, width, toX);
    drawSpans(context, toX);
    if (player) {
      context.fillStyle = '#d00';
      context.fillRect(toX(player.currentTime), 0, 1.5, 120);
      timeline.setAttribute('aria-valuenow', player.currentTime.toFixed(1));
      timeline.setAttribute('aria-valuemax', lengthOf().toFixed(1));
    }
  };
  timeline.addEventListener('click', (event) => {
    const box = timeline.getBoundingClientRect();
    seek((event.clientX - box.left) / box.width * lengthOf());
  });
  timeline.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (step && player) seek(Math.max(0, player.currentTime + step));
  });
  window.addEventListener('resize', draw);

  // --- one recording -------------------------------------------------------

  const follow = () => {
    const time = player.currentTime;
    for (const [span, start, end] of spans)
      span.classList.toggle('now', time >= start && time < end);
    draw();
  };

  const makePlayer = (recording) => {
    const element = make(recording.element);
    element.id = 'media';
    element.controls = true;
    element.preload = 'metadata';
    const track = element.addTextTrack('captions', 'rnncore',
      recording.language || 'und');
    for (const caption of recording.captions || []) {
      // Markup in cues is WebVTT's.
      const text = caption.text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
      track.addCue(new VTTCue(caption.start, caption.end, text));
    }
    track.mode = 'showing';
    element.addEventListener('error', () => { byId('fault').hidden = false; });
    for (const name of ['timeupdate', 'seeked', 'loadedmetadata'])
      element.addEventListener(name, follow);
    element.src = recording.media;
    return element;
  };

  const fillTranscript = (recording) => {
    const box = byId('transcript');
    for (const utterance of recording.utterances) {
      const line = make('p');
      const time = make('span', 'time', clock(utterance.start));
      line.append(time);
      for (const word of utterance.words) {
        const span = make('span',
          word.confidence < 0.6 ? 'word unsure' : 'word', word.text);
        span.title = `${clock(word.start)}, `
          + `confidence ${Math.round(word.confidence * 100)} %`;
        span.dataset.start = word.start;
        spans.push([span, word.start, word.end]);
        line.append(span, ' ');
      }
      box.append(line);
    }
  };
  const fillGestures = (recording) => {
    if (!recording.gestures.length) return;
    const table = make('table');
    for (const gesture of recording.gestures) {
      const row = make('tr', 'gesture');
      row.dataset.start = gesture.start;
      row.append(make('td', 'time',
        `${clock(gesture.start)} – ${clock(gesture.end)}`),
        make('td', 'word', gesture.label),
        make('td', '', Math.round(gesture.confidence * 100) + ' %'));
      spans.push([row, gesture.start, gesture.end]);
      table.append(row);
    }
    byId('gestures').append(table);
  };
  for (const id of ['transcript', 'gestures'])
    byId(id).addEventListener('click', (event) => {
      const target = event.target.closest('[data-start]');
      if (target) seek(Number(target.dataset.start));
    });

  const show = (recording) => {
    if (shown === recording) return;
    shown = recording;
    spans = [];
    for (const id of ['player', 'transcript', 'gestures'])
      byId(id).replaceChildren();
    byId('fault').hidden = true;
    byId('name').textContent = recording.name;
    byId('about').textContent = `${clock(recording.duration)}, `
      + recording.models.join(', ');
    player = makePlayer(recording);
    byId('player').append(player);
    fillTranscript(recording);
    fillGestures(recording);
    for (const button of byId('recordings').querySelectorAll('button'))
      button.setAttribute('aria-current',
        button.recording === recording ? 'true' : 'false');
    mark();
    draw();
  };

  for (const recording of list) {
    const item = make('li'), button = make('button', '', recording.name);
    button.append(' ', make('small', '', clock(recording.duration)));
    button.recording = recording;
    button.addEventListener('click', () => show(recording));
    item.append(button);
    byId('recordings').append(item);
  }

  // --- search --------------------------------------------------------------

  const search = byId('search'), results = byId('results');
  const query = () => search.value.trim().toLowerCase();
  const mark = () => {
    const words = query().split(/\s+/).filter(Boolean);
    for (const span of document.querySelectorAll('.word'))
      span.classList.toggle('hit',
        words.some((word) => span.textContent.toLowerCase().includes(word)));
  };
  const matches = () => {
    const text = query(), found = [];
    for (const recording of list) {
      for (const row of recording.utterances)
        if (row.text.toLowerCase().includes(text)) {
          // To the word where the match begins.
          const before = row.text.slice(0, row.text.toLowerCase().indexOf(text));
          const index = before.split(' ').length - 1;
          found.push([recording, (row.words[index] || row).start, row.text]);
        }
      for (const row of recording.gestures)
        if (row.label.toLowerCase().includes(text))
          found.push([recording, row.start, row.label]);
    }
    return found;
  };
  const update = () => {
    const found = query() ? matches() : [];
    results.replaceChildren();
    results.hidden = !query();
    byId('recordings').hidden = Boolean(query());
    byId('hits').textContent = query()
      ? `${found.length} ${found.length === 1 ? 'place' : 'places'}` : '';
    for (const [recording, start, text] of found.slice(0, 500)) {
      const item = make('li'), button = make('button', '', text);
      button.append(make('br'),
        make('small', '', `${recording.name} ${clock(start)}`));
      button.addEventListener('click', () => {
        show(recording);
        seek(start);
      });
      item.append(button);
      results.append(item);
    }
    mark();
  };
  search.addEventListener('input', update);

  if (list.length) show(list[0]);
  document.documentElement.dataset.ready = 'true';
})();
