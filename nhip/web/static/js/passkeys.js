// Passkeys: asks this server what to sign, the browser for the signature, and goes on when the server is content.
// Buttons are hidden until it is known that the browser can; without JavaScript the other ways to sign in are there.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const described = (known) => (known ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

function read(options) {
  const challenge = bytes(options.challenge);
  if (!options.user) return { ...options, challenge, allowCredentials: described(options.allowCredentials) };
  const user = { ...options.user, id: bytes(options.user.id) };
  return { ...options, challenge, user, excludeCredentials: described(options.excludeCredentials) };
}

function written(credential) {
  const { response } = credential;
  const parts = response.attestationObject
    ? { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] }
    : {
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: response.userHandle ? text(response.userHandle) : null,
      };
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    response: { clientDataJSON: text(response.clientDataJSON), ...parts },
  };
}

class Refused extends Error {}

async function ask(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (told.key === "ConfirmNeeded") {
    location.assign(`/confirm?next=${encodeURIComponent(location.pathname + location.search)}`);
    return new Promise(() => {}); // the page is being left
  }
  if (!answer.ok) throw new Refused(told.detail);
  return told;
}

async function ceremony(box) {
  const { address, next, passkey } = box.dataset;
  const publicKey = read(await ask(`${address}/options`, {}));
  const credential = await navigator.credentials[passkey]({ publicKey });
  const name = box.querySelector("[data-name]")?.value ?? "";
  return ask(address, { credential: written(credential), next, name });
}

async function pressed(box, button, message) {
  message.hidden = true;
  button.disabled = true;
  try {
    const { next } = await ceremony(box);
    const waiting = document.querySelector("form[data-resume]");
    if (waiting) waiting.submit();
    else location.assign(next);
  } catch (error) {
    message.textContent = error instanceof Refused ? error.message : box.dataset.failed;
    message.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const box of document.querySelectorAll("[data-passkey]")) {
    const [button, message] = [box.querySelector("button"), box.querySelector("[role=alert]")];
    button.addEventListener("click", () => pressed(box, button, message));
    box.hidden = false;
  }
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = true;
}
