/* What is wrong with the looks of the page as it is now: a list of sentences. */
() => {
  const CONTROLS = 'button, select, input, textarea, a[href], [tabindex]';
  const modal = [...document.querySelectorAll('.modal')].filter((each) => !each.hidden).pop();
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const called = (element) => `${element.dataset.testid || element.tagName} "${nameOf(element)}"`;
  const nameOf = (element) => {
    const label = element.labels && element.labels[0];
    return (element.getAttribute('aria-label') || element.innerText || (label && label.innerText) || '').trim();
  };

  const covered = (element) => {
    element.scrollIntoView({ block: 'nearest' });
    const box = element.getBoundingClientRect(), inset = 3;
    if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) return 'is cut by the window';
    for (const [x, y] of [[.5, .5], [0, 0], [1, 0], [0, 1], [1, 1]]) {
      const [at, to] = [box.left + inset + x * (box.width - 2 * inset), box.top + inset + y * (box.height - 2 * inset)];
      const top = document.elementFromPoint(at, to);
      if (!top || !(element.contains(top) || top.contains(element) && top.matches('label'))) return 'is covered or cut';
    }
    if (element.matches('button') && [...element.querySelectorAll('.cut')].some((it) =>
      !element.matches('[data-row], .name') && it.scrollWidth > it.clientWidth + 1)) return 'has a text that is cut';
    return '';
  };

  const parse = (color) => (color.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below) => {
    const alpha = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((each) => alpha * top[each] + (1 - alpha) * below[each]);
  };
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parse(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [0, 0, 0]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((each) => each / 255).map((c) => (c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const contrast = (element) => {
    const below = ground(element), text = over(parse(getComputedStyle(element).color), below);
    const [high, low] = [light(text), light(below)].sort((a, b) => b - a);
    return (high + .05) / (low + .05);
  };

  const wrong = [], root = modal || document.body;
  for (const element of [...root.querySelectorAll(CONTROLS)].filter(seen)) {
    if (element.closest('[inert]') || element.closest('.views') && !element.matches('input, button')) continue;  // the pictures themselves
    if (!nameOf(element)) wrong.push(`${called(element)} has no name`);
    const how = covered(element);
    if (how) wrong.push(`${called(element)} ${how}`);
  }
  for (const element of [...root.querySelectorAll('*')].filter(seen)) {
    const writes = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!writes || element.closest('.views, option, style, script, noscript, :disabled')) continue;
    if (contrast(element) < 4.5) wrong.push(`"${element.innerText}" is hard to read (${contrast(element).toFixed(1)})`);
  }
  const columns = [...document.querySelectorAll('.left, .right, .top, .bar')];
  for (const column of columns)
    if (column.scrollWidth > column.clientWidth + 1 || column.scrollHeight > column.clientHeight + 1)
      wrong.push(`${column.className} does not hold what is in it`);
  return wrong;
}
