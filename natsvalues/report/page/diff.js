"use strict";
// Filters what is on the page; without it the page shows everything, and the form stays hidden.
(() => {
  const form = document.getElementById("filter");
  const buttons = [...form.querySelectorAll("button[aria-pressed]")];
  const groups = [...document.querySelectorAll("section.group")];
  const rows = [...document.querySelectorAll(".row")];
  const search = document.getElementById("search");
  const region = document.getElementById("region");
  const count = document.getElementById("count");
  const texts = new Map(rows.map((row) => {
    const near = row.closest("article");
    const title = near ? near.querySelector("h3").textContent : "";
    const why = row.closest(".reasoned")?.querySelector(".why")?.textContent ?? "";
    return [row, `${title} ${row.textContent} ${why}`.toLowerCase()];
  }));

  const apply = () => {
    const levels = new Set(buttons.filter((item) => item.ariaPressed === "true").map((item) => item.dataset.level));
    const wanted = search.value.trim().toLowerCase().split(/\s+/);
    const place = region ? region.value : "";
    let seen = 0;
    for (const row of rows) {
      const level = row.closest("section.group").dataset.level;
      const here = place === "" || row.dataset.regions.split(" ").includes(place);
      row.hidden = !(levels.has(level) && here && wanted.every((word) => texts.get(row).includes(word)));
      seen += row.hidden ? 0 : 1;
    }
    for (const box of [...document.querySelectorAll(".reasoned, article"), ...groups]) {
      box.hidden = !box.querySelector(".row:not([hidden])");
    }
    count.textContent = `Showing ${seen} of ${rows.length} entries`;
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 150);
  });
  region?.addEventListener("change", apply);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.ariaPressed = button.ariaPressed === "true" ? "false" : "true";
      apply();
    });
  }
  const openAll = (open) => () => {
    for (const item of document.querySelectorAll("details")) item.open = open;
  };
  document.getElementById("expand").addEventListener("click", openAll(true));
  document.getElementById("collapse").addEventListener("click", openAll(false));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
