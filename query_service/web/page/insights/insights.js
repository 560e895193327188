// The page works without this script: links load another time range or dashboard. With it they do so
// in place, and a plot says the values at the pointer, or at the arrow keys.

const LATE_MS = 250; // before that, no word of loading: it would only flicker
let loading = null;

async function load(address, remember) {
  loading?.abort();
  const mine = (loading = new AbortController());
  const main = document.getElementById("main");
  const late = setTimeout(() => {
    main.setAttribute("aria-busy", "true");
    main.querySelector(".loading").textContent = "Loading …";
  }, LATE_MS);
  try {
    const response = await fetch(address, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.getElementById("board")) throw new Error("no page");
    document.title = page.title;
    for (const part of [".boards", "#main"]) document.querySelector(part).replaceWith(page.querySelector(part));
    if (remember) history.pushState(null, "", address);
    install();
    document.getElementById("board").focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError") return;
    main.removeAttribute("aria-busy");
    main.querySelector(".loading").textContent = "The service can't be reached. Try again.";
  } finally {
    clearTimeout(late);
  }
}

// What the table below a plot says of one of its rows, and where that is.
function reader(plot) {
  const table = plot.closest(".panel").querySelector("table");
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const places = rows.map((row) => Number(row.dataset.place));
  const tip = plot.querySelector(".tip"), cursor = plot.querySelector(".cursor");
  let at = -1;
  const show = (number) => {
    at = Math.max(0, Math.min(rows.length - 1, number));
    const [time, ...cells] = [...rows[at].cells].map((cell) => cell.textContent.trim());
    tip.textContent = [time, ...cells.map((text, number) => `${heads[number + 1]}: ${text}`)].join("\n");
    tip.hidden = false;
    const half = (50 * tip.offsetWidth) / plot.clientWidth;
    tip.style.left = `${Math.max(half, Math.min(100 - half, places[at]))}%`;
    cursor.setAttribute("d", `M${places[at]} 0V100`);
  };
  const hide = () => {
    tip.hidden = true;
    cursor.setAttribute("d", "");
    at = -1;
  };
  const nearest = (event) => {
    const box = plot.getBoundingClientRect();
    const place = (100 * (event.clientX - box.left)) / box.width;
    show(places.reduce((best, each, row) => (Math.abs(each - place) < Math.abs(places[best] - place) ? row : best), 0));
  };
  const move = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -rows.length, End: rows.length };
    if (event.key === "Escape") hide();
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(at < 0 ? (steps[event.key] > 0 ? 0 : rows.length - 1) : at + steps[event.key]);
  };
  plot.addEventListener("pointermove", nearest);
  plot.addEventListener("pointerdown", nearest);
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", move);
}

function install() {
  document.querySelectorAll(".plot").forEach(reader);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-part]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  load(link.href, true);
});
addEventListener("popstate", () => load(location.href, false));
install();
