// Help with a new password while it is typed: how many characters are missing, whether both are the same, a look at it.
// Nothing is sent: whether it is easy to guess is said by the server when the form is sent.
const [first, again] = ["f-password", "f-again"].map((id) => document.getElementById(id));
const help = document.querySelector("[data-password-help]");

if (first && again && help) {
  const said = Object.assign(document.createElement("p"), { className: "small", id: "password-said" });
  said.setAttribute("role", "status");
  const look = Object.assign(document.createElement("button"), { type: "button", className: "button button-link" });
  const { fewest, short, enough, differ, show, hide } = help.dataset;
  look.textContent = show;
  help.append(said, look);

  const say = () => {
    const missing = Number(fewest) - [...first.value].length;
    if (!first.value) said.textContent = "";
    else if (missing > 0) said.textContent = short.replace("{n}", missing);
    else said.textContent = again.value && again.value !== first.value ? differ : enough;
  };
  first.addEventListener("input", say);
  again.addEventListener("input", say);
  say(); // what was typed before this script came counts too
  look.addEventListener("click", () => {
    const hidden = first.type === "password";
    for (const field of [first, again]) field.type = hidden ? "text" : "password";
    look.textContent = hidden ? hide : show;
  });
}
