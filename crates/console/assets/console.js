// Portcullis console: small comforts. Every page works without this file.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];

  // On a phone the navigation scrolls sideways: bring the current page into view.
  $('.nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

  // Toast: text only, never markup.
  const toast = (text) => {
    const note = document.createElement('p');
    note.className = 'note ok';
    note.textContent = text;
    $('.toasts')?.append(note);
    setTimeout(() => note.remove(), 6000);
  };

  document.addEventListener('click', (e) => {
    const b = e.target.closest('[data-open], [data-copy], [data-live]');
    if (!b) return;
    if (b.dataset.open && $('#' + b.dataset.open)?.showModal) { e.preventDefault(); $('#' + b.dataset.open).showModal(); }
    if (b.dataset.copy) { e.preventDefault(); navigator.clipboard?.writeText($('#' + b.dataset.copy).textContent.trim()).then(() => toast('Copied.')); }
    if (b.matches('[data-live]')) { e.preventDefault(); live(b); }
  });
  document.addEventListener('click', (e) => $$('details.menu[open]').forEach((d) => d.contains(e.target) || (d.open = false)));

  // Editor: the coloured copy sits behind the text area and hides at the first edit, when it is out of date.
  $$('.editor').forEach((ed) => {
    ed.classList.add('lit');
    $('textarea', ed)?.addEventListener('input', () => ed.classList.remove('lit'), { once: true });
  });

  // Live tail: each message is a row that the server rendered, at most 60 on the page.
  let source;
  const live = (b) => {
    const on = b.getAttribute('aria-pressed') !== 'true';
    b.setAttribute('role', 'button');
    b.setAttribute('aria-pressed', on);
    $('[data-live-word]', b).textContent = on ? 'Pause live tail' : 'Live tail';
    source?.close();
    if (!on) return;
    const body = $('#events-body');
    source = new EventSource(b.dataset.live);
    source.onmessage = (message) => {
      const row = document.createElement('tbody');
      row.innerHTML = message.data;
      if (!row.rows.length) return;
      row.rows[0].classList.add('fresh');
      body.prepend(row.rows[0]);
      while (body.rows.length > 60) body.lastElementChild.remove();
    };
  };

  // Keys. Never while typing, never with a modifier.
  const pages = { o: '/', e: '/events', r: '/rulesets', x: '/exclusions', p: '/protection', h: '/history', s: '/settings' };
  let after = 0;
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, select, textarea, dialog')) return;
    if (after > Date.now() && pages[e.key]) { location.href = pages[e.key]; return; }
    after = e.key === 'g' ? Date.now() + 1200 : 0;
    if (e.key === '/') { e.preventDefault(); ($('main [data-key="/"]') ?? $('[data-key="/"]'))?.focus(); }
    if (e.key === '?') $('#keys')?.showModal();
    if (e.key === 'l') $('[data-live]')?.click();
    if (e.key === 'j' || e.key === 'k') {
      const links = $$('main tbody a[data-row]'), at = links.indexOf(document.activeElement);
      links[Math.max(0, Math.min(links.length - 1, at + (e.key === 'j' ? 1 : -1)))]?.focus();
    }
  });
})();
