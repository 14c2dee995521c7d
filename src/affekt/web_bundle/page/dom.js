// Small helpers that make the page's elements; text is always text, never markup.

/** Make an element: attributes by name ("onclick" and the like are listeners), then children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Make a table with a caption; the first cell of every row is its heading. */
export function table(caption, heads, rows) {
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element(
        "tbody",
        {},
        ...rows.map(([first, ...rest]) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, first),
            ...rest.map((cell) => element("td", {}, String(cell ?? ""))),
          ),
        ),
      ),
    ),
  );
}

/** Make a list of terms and what they are; short ones side by side, long ones in lines. */
export function facts(pairs, { long = false } = {}) {
  return element(
    "dl",
    { class: long ? "lines" : null },
    ...pairs.map(([term, what]) =>
      element("div", {}, element("dt", {}, term), element("dd", {}, String(what))),
    ),
  );
}

export function percent(share, digits = 1) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Let the browser save a value as a JSON file. */
export function download(name, value) {
  const url = URL.createObjectURL(
    new Blob([JSON.stringify(value, null, 2), "\n"], { type: "application/json" }),
  );
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
