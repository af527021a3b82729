// What if: groups are found while somebody types, and the answer follows each choice. Without this script the form's
// button does both.
const form = document.querySelector("[data-what-if]");
if (form) {
  const search = form.querySelector("[name=q]");
  const found = form.querySelector("#what-if-found");
  const answer = document.getElementById("what-if-answer");
  let waiting;
  let latest = 0;

  // What was chosen stays, and what has the focus; what was only found makes way for what is found now.
  function show(now) {
    const focused = document.activeElement;
    const kept = [...found.querySelectorAll(".choice")].filter(
      (choice) => choice.querySelector(":checked") || choice.contains(focused),
    );
    for (const choice of kept) now.querySelector(`#${CSS.escape(choice.querySelector("input").id)}`)?.parentElement.remove();
    found.replaceChildren(...kept, ...now.childNodes);
    if (found.contains(focused)) focused.focus({ preventScroll: true });
  }

  // A region that comes with its text is not heard: both sentences are said in the one that was there all along.
  function say() {
    const sentences = ["what-if-said", "what-if-sentence"].map((id) => document.getElementById(id).textContent.trim());
    document.getElementById("announcements").textContent = sentences.join(" ");
  }

  const ask = async () => {
    const mine = ++latest;
    const address = `?${new URLSearchParams(new FormData(form))}`;
    answer.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(response.status);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (mine !== latest) return;
      show(page.getElementById("what-if-found"));
      answer.replaceChildren(...page.getElementById("what-if-answer").childNodes);
      say();
      answer.dispatchEvent(new CustomEvent("content-replaced", { bubbles: true }));
      history.replaceState(null, "", address);
    } catch {
      if (mine === latest) form.submit();
    } finally {
      if (mine === latest) answer.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target.type === "checkbox") ask();
  });
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200);
  });
}
