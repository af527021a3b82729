// A form with data-passkey (the site's options as JSON) asks the browser for a passkey and sends what it answers in the
// field "passkey": data-passkey-new makes one. With a button data-passkey-button only that button asks.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const described = (list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }));

async function make(options) {
  const user = { ...options.user, id: bytes(options.user.id) };
  const publicKey = { ...options, user, challenge: bytes(options.challenge), excludeCredentials: described(options.excludeCredentials) };
  const made = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = made.response;
  return answer(made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) });
}

async function use(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: described(options.allowCredentials) };
  const used = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature } = used.response;
  return answer(used, {
    clientDataJSON: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
  });
}

const answer = (credential, response) =>
  JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });

const PROBLEMS = { NotAllowedError: "notAllowed", InvalidStateError: "exists" }; // names of the data- attributes

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.addEventListener("submit", async (event) => {
    const asked = form.querySelector("[data-passkey-button]");
    if (asked && event.submitter !== asked) return;
    event.preventDefault();
    problem.textContent = "";
    if (!window.PublicKeyCredential) {
      problem.textContent = problem.dataset.unsupported;
      return;
    }
    try {
      const options = JSON.parse(form.dataset.passkey);
      form.elements.passkey.value = await ("passkeyNew" in form.dataset ? make(options) : use(options));
      form.submit();
    } catch (error) {
      problem.textContent = problem.dataset[PROBLEMS[error.name] ?? "failed"];
    }
  });
}
