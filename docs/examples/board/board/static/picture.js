// A picture that the server would refuse is refused here, before it is sent and with the text still in its field.
const RESERVE = 64 * 1024; // for the text and the form around it

for (const input of document.querySelectorAll("input[type=file][data-limit]")) {
  input.addEventListener("change", () => {
    const limit = Number(input.dataset.limit);
    const large = [...input.files].some((file) => file.size > limit - RESERVE);
    input.setCustomValidity(large ? `This picture is too large: ${Math.floor(limit / 1024 ** 2)} MB is the limit.` : "");
    input.reportValidity();
  });
}
