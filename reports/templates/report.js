"use strict";
// Search, sort and page the device table; open what a link points to. The page reads well without it.
document.documentElement.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  const STEP = 100;
  const table = document.getElementById("table");
  const reveal = () => {
    let target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const find = document.getElementById("find");
  const urgency = document.getElementById("urgency");
  const found = document.getElementById("found");
  const more = document.getElementById("more");
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });
  let texts = null;
  let sorted = rows.map((_, place) => place);
  let shown = STEP;
  table.classList.add("live");
  document.querySelector(".tools").hidden = false;

  const matching = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rank = urgency.value && "r" + urgency.value;
    if (wanted.length && !texts) texts = rows.map((row) => row.textContent.toLowerCase());
    return sorted.filter((place) =>
      (!rank || rows[place].className.split(" ")[0] === rank) && wanted.every((word) => texts[place].includes(word)));
  };
  const show = () => {
    const hits = matching();
    const front = hits.slice(0, shown);
    for (const row of body.querySelectorAll(".on")) row.classList.remove("on");
    const moved = document.createDocumentFragment();
    for (const place of front) {
      rows[place].classList.add("on");
      moved.append(rows[place]);
    }
    body.prepend(moved);
    found.textContent = `${hits.length.toLocaleString()} of ${rows.length.toLocaleString()} devices`;
    more.parentElement.hidden = hits.length <= shown;
    more.textContent = `Show ${Math.min(STEP, hits.length - shown)} more`;
  };
  const key = (row, column) => (column === 2 ? -Number(row.className[1]) : row.cells[column].textContent);
  const sort = (heading, column) => {
    const falling = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const keys = rows.map((row) => key(row, column));
    const compare = column === 2 ? (a, b) => keys[a] - keys[b] : (a, b) => order.compare(keys[a], keys[b]);
    const lacks = (place) => keys[place] === "–";
    sorted.sort((a, b) => lacks(a) - lacks(b) || (falling ? compare(b, a) : compare(a, b)) || a - b);
    shown = STEP;
    show();
  };
  const headings = Array.from(table.tHead.rows[0].cells);
  const buttons = headings.map((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(heading, column));
    heading.replaceChildren(button);
    return button;
  });
  // A heading with buttons is not repeated on every printed page.
  addEventListener("beforeprint", () => headings.forEach((heading, column) => heading.replaceChildren(buttons[column].textContent)));
  addEventListener("afterprint", () => headings.forEach((heading, column) => heading.replaceChildren(buttons[column])));
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { shown = STEP; show(); }, 120);
  };
  find.addEventListener("input", soon);
  urgency.addEventListener("change", soon);
  more.addEventListener("click", () => { shown += STEP; show(); });
  show();
});
